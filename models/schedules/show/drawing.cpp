#include "models/schedules/show/drawing.h"

#include <algorithm>

#include "models/schedules/notation.h"

namespace orrery::models {
namespace {

__extension__ using Wide = __int128;

struct Scale {
  std::int64_t columns = 1, per = 1;  // columns for so much time
  std::int64_t at(std::int64_t time) const {
    return static_cast<std::int64_t>(static_cast<Wide>(time) * columns / per);
  }
};

struct Widest {
  std::int64_t shortest_action = INT64_MAX, name = 1;
};

// "3F6&0B0" for an overlapped slot: a cell of the drawing has no room for the file's notation.
std::string short_name(const Action& action) {
  const Passes both = passes(action);
  return both.count == 1 ? to_string(action) : to_string(both.pass[0]) + "&" + to_string(both.pass[1]);
}

Widest measure(const Schedule& schedule, const ScheduleTimes& times) {
  Widest widest;
  for (std::size_t r = 0; r < times.spans.size(); ++r) {
    for (std::size_t i = 0; i < times.spans[r].size(); ++i) {
      const auto [start, end] = times.spans[r][i];
      if (end > start) widest.shortest_action = std::min(widest.shortest_action, end - start);
      widest.name = std::max(widest.name, static_cast<std::int64_t>(short_name(schedule.order[r][i]).size()));
    }
  }
  return widest;
}

// floor(b) - floor(a) >= floor(b - a): an action of the shortest length gets at
// least the columns of the widest name and a gap.
Scale scale_for(const Schedule& schedule, const ScheduleTimes& times, std::int64_t max_columns) {
  const Widest widest = measure(schedule, times);
  if (widest.shortest_action == INT64_MAX || times.makespan <= 0) return {};
  const Scale roomy{widest.name + 1, widest.shortest_action};
  return roomy.at(times.makespan) <= max_columns ? roomy : Scale{max_columns, times.makespan};
}

void draw_action(std::string& line, std::size_t from, std::size_t to, const Action& action) {
  if (to <= from) return;
  std::string name = short_name(action);
  const std::size_t room = to - from > 1 ? to - from - 1 : 1;  // a gap after it, if it can be had
  if (name.size() > room) name = std::string(1, static_cast<char>(action.type));
  name.resize(room, '-');
  std::fill(line.begin() + static_cast<std::ptrdiff_t>(from), line.begin() + static_cast<std::ptrdiff_t>(to), ' ');
  line.replace(from, room, name);
}

std::string label(std::size_t rank, std::size_t ranks) {
  const std::size_t width = std::to_string(ranks - 1).size();
  std::string number = std::to_string(rank);
  return "rank " + std::string(width - number.size(), ' ') + number + "  ";
}

}  // namespace

std::string draw_text(const Schedule& schedule, const ScheduleTimes& times, int max_columns) {
  const Scale scale = scale_for(schedule, times, max_columns);
  std::string drawing;
  for (std::size_t r = 0; r < times.spans.size(); ++r) {
    std::string line(static_cast<std::size_t>(scale.at(std::max<std::int64_t>(0, times.makespan))), '.');
    for (std::size_t i = 0; i < times.spans[r].size(); ++i) {
      const auto [start, end] = times.spans[r][i];
      draw_action(line, static_cast<std::size_t>(scale.at(start)), static_cast<std::size_t>(scale.at(end)),
                  schedule.order[r][i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    drawing += label(r, times.spans.size()) + line + '\n';
  }
  return drawing;
}

}  // namespace orrery::models
