#include "models/schedules/show/comparison.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>

namespace orrery::models {
namespace {

std::string fixed(double x, int decimals) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, x);
  return text.data();
}

// Whole numbers for every schedule: costs are multiplied by `scale` and divided by the chunks.
ScheduleCosts share(const ScheduleCosts& whole, std::int64_t scale, int chunks) {
  const std::int64_t part = scale / chunks;
  return {whole.forward * part,   whole.input_gradient * part, whole.weight_gradient * part,
          whole.transfer * scale, whole.backward * part,       whole.overlap * part};
}

using Line = std::vector<std::string>;

Line line_of(const Compared& row) {
  if (!row.refused.empty()) return {row.name, row.refused};
  const Schedule& schedule = row.schedule;
  const ScheduleTimes times = evaluate_by_stage(schedule, schedule.request.costs);
  const auto most = [&](const std::vector<int>& counts) {
    return fixed(static_cast<double>(*std::max_element(counts.begin(), counts.end())) / schedule.request.chunks, 2);
  };
  const auto time = [&](std::int64_t t) { return fixed(static_cast<double>(t) / row.unit, 2); };
  return {row.name,
          std::to_string(schedule.request.chunks),
          time(times.makespan),
          time(times.longest_rank_window),
          fixed(times.bubble_ratio, 4),
          most(times.peak_in_flight),
          most(times.peak_in_flight_weights),
          schedule.placement == Placement::bidirectional ? "2" : "1"};
}

std::string aligned(const std::vector<Line>& lines) {
  std::vector<std::size_t> width;
  for (const Line& line : lines) {
    if (line.size() < lines.front().size()) continue;  // a reason
    width.resize(line.size(), 0);
    for (std::size_t c = 0; c < line.size(); ++c) width[c] = std::max(width[c], line[c].size());
  }
  for (const Line& line : lines) width[0] = std::max(width[0], line[0].size());
  std::string text;
  for (const Line& line : lines) {
    text += line[0] + std::string(width[0] - line[0].size(), ' ');
    if (line.size() < lines.front().size()) {
      text += "  - " + line[1] + '\n';
      continue;
    }
    for (std::size_t c = 1; c < line.size(); ++c) text += std::string(2 + width[c] - line[c].size(), ' ') + line[c];
    text += '\n';
  }
  return text;
}

std::string comma_separated(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    for (std::size_t c = 0; c < lines.front().size(); ++c) {
      if (c > 0) text += ',';
      if (line.size() == lines.front().size() || c == 0) text += line[c];
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::vector<Compared> compare_all(const ScheduleRequest& request) {
  const ScheduleCosts whole = request.costs.empty() ? ScheduleCosts{} : request.costs.front();
  const std::int64_t scale = std::lcm<std::int64_t>(2, std::max(1, request.chunks));
  std::vector<Compared> rows;
  for (const std::string_view name : schedule_names()) {
    if (name == "none" && request.ranks > 1) continue;
    const ScheduleTraits traits = schedule_traits(name);
    ScheduleRequest each;
    each.name = name;
    each.ranks = request.ranks, each.micro_batches = request.micro_batches;
    each.chunks = traits.chunks > 0 ? traits.chunks : request.chunks;
    if (traits.limited) each.memory = request.memory;
    each.costs = {share(whole, scale, each.chunks)};
    Result<Schedule> schedule = make_schedule(each);
    Compared row{each.name, "", {}, static_cast<double>(scale)};
    if (schedule.ok())
      row.schedule = std::move(schedule).value();
    else
      row.refused = schedule.errors().front().what;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string comparison_table(const std::vector<Compared>& rows, bool csv) {
  std::vector<Line> lines = {
      {"schedule", "chunks", "makespan", "window", "bubble/ideal", "in flight", "until W", "weights"}};
  if (csv)
    lines.front() = {"schedule",
                     "chunks",
                     "makespan",
                     "longest_rank_window",
                     "bubble_ratio",
                     "peak_in_flight",
                     "peak_in_flight_weights",
                     "replicas"};
  for (const Compared& row : rows) lines.push_back(line_of(row));
  return csv ? comma_separated(lines) : aligned(lines);
}

}  // namespace orrery::models
