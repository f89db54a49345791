#include "models/schedules/show/output.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>

#include "models/schedules/instructions/instructions.h"
#include "models/schedules/notation.h"
#include "models/schedules/show/drawing.h"
#include "models/schedules/show/json.h"
#include "sim/base/read/suggest.h"

namespace orrery::models {
namespace {

// 40 million actions of this length still end before 2^63.
constexpr std::int64_t kMaxCost = 100'000'000'000;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0;;) {
    const std::size_t to = text.find(separator, from);
    parts.push_back(text.substr(from, to - from));
    if (to == std::string_view::npos) return parts;
    from = to + 1;
  }
}

Result<std::int64_t> parse_cost(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc() || end != text.data() + text.size() || n < 0 || n > kMaxCost)
    return Error{{}, "cost '" + std::string(text) + "' is not a whole number from 0 to " + std::to_string(kMaxCost)};
  return n;
}

std::string table(const Schedule& schedule, const ScheduleTimes& times) {
  const ScheduleRequest& request = schedule.request;
  std::array<char, 32> ratio{};
  std::snprintf(ratio.data(), ratio.size(), "%.4f", times.bubble_ratio);
  std::string text = request.name + ": " + std::to_string(schedule.order.size()) + " ranks, " +
                     std::to_string(request.micro_batches) + " micro-batches, " + std::to_string(request.chunks) +
                     (request.chunks == 1 ? " stage" : " stages") + " a rank\n\n" + draw_text(schedule, times) +
                     "\nmakespan " + std::to_string(times.makespan) + ", longest rank window " +
                     std::to_string(times.longest_rank_window) + ", bubble / ideal " + ratio.data() +
                     "\npeak in flight";
  for (const int peak : times.peak_in_flight) text += ' ' + std::to_string(peak);
  return text + '\n';
}

}  // namespace

Result<ScheduleCosts> parse_schedule_costs(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, ',');
  if (parts.size() < 4 || parts.size() > 6)
    return Error{{},
                 "costs are F,I,W,COMM[,B[,OVERLAP]], 4 to 6 numbers, and '" + std::string(text) + "' has " +
                     std::to_string(parts.size())};
  std::array<std::int64_t, 6> cost{};
  Errors errors;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Result<std::int64_t> parsed = parse_cost(parts[i]);
    if (parsed)
      cost[i] = *parsed;
    else
      errors.push_back(parsed.errors().front());
  }
  if (!errors.empty()) return errors;
  ScheduleCosts costs{cost[0], cost[1], cost[2], cost[3], cost[4], cost[5]};
  if (parts.size() < 5) costs.backward = costs.input_gradient + costs.weight_gradient;
  if (parts.size() < 6) costs.overlap = costs.forward + costs.backward;
  return costs;
}

Result<StageMemory> parse_forwards_limit(std::string_view text, int ranks) {
  int times = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), times);
  if (problem != std::errc() || times < 1 || times > 1'000 || std::string_view(end, text.data() + text.size()) != "p")
    return Error{{}, "memory limit '" + std::string(text) + "' is not 1p, 2p, 3p..."};
  StageMemory memory;
  memory.limit = (memory.input + memory.weight) * times * ranks;
  return memory;
}

namespace {

// What some framework makes of the order; none if `format` is nothing of the kind.
std::optional<Result<std::string>> instructions(const Schedule& schedule, std::string_view format) {
  const ScheduleRequest& request = schedule.request;
  const auto only = [&](std::string_view whose) {
    return Error{
        {},
        "format " + std::string(format) + " is for " + std::string(whose) + ", and the schedule is " + request.name};
  };
  const bool known = format == "lowered" || format == "deepspeed" || format == "versions";
  if (known && !request.replicas.empty())
    return Error{{}, "format " + std::string(format) + " is not written for stages with replicas"};
  if (format == "lowered") return Result<std::string>(lowered_csv(schedule));
  if (format == "deepspeed") {
    if (request.name != "1f1b") return Result<std::string>(only("1f1b, which is what DeepSpeed runs"));
    return Result<std::string>(deepspeed_train_csv(request.ranks, request.micro_batches));
  }
  if (format != "versions") return {};
  if (request.name == "pipedream")
    return Result<std::string>(pipedream_versions_csv(request.ranks, request.micro_batches));
  constexpr int kUpdates = 4;
  if (request.name == "pipedream-2bw")
    return Result<std::string>(
        pipedream_2bw_versions_csv(request.ranks, request.micro_batches, kUpdates * request.micro_batches));
  return Result<std::string>(only("pipedream and pipedream-2bw"));
}

}  // namespace

std::span<const std::string_view> schedule_formats() {
  static constexpr std::array<std::string_view, 7> kFormats = {"table",   "csv",       "json",    "svg",
                                                               "lowered", "deepspeed", "versions"};
  return kFormats;
}

Result<std::string> schedule_output(const ScheduleRequest& request, std::string_view format) {
  const std::vector<std::string> known(schedule_formats().begin(), schedule_formats().end());
  if (std::find(known.begin(), known.end(), format) == known.end())
    return Error{{},
                 "no format '" + std::string(format) +
                     "' for a schedule (table, csv, json, svg, lowered, deepspeed, versions)" +
                     did_you_mean(format, known)};
  const Result<Schedule> schedule = make_schedule(request);
  if (!schedule) return schedule.errors();
  if (format == "csv") return schedule_csv(*schedule);
  if (auto text = instructions(*schedule, format)) return *text;
  const ScheduleTimes times =
      request.costs.empty() ? evaluate(*schedule, ScheduleCosts{}) : evaluate_by_stage(*schedule, request.costs);
  if (format == "json") return schedule_json(*schedule, times);
  return format == "svg" ? draw_svg(*schedule, times) : table(*schedule, times);
}

}  // namespace orrery::models
