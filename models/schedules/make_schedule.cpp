#include <array>
#include <string>

#include "models/schedules/notation.h"
#include "models/schedules/rules.h"
#include "sim/base/read/suggest.h"

namespace orrery::models {
namespace {

constexpr std::array kRules = {&kNone,
                               &kGpipe,
                               &kOneForwardOneBackward,
                               &kInterleaved,
                               &kLoopedBfs,
                               &kPipeDream,
                               &kPipeDream2bw,
                               &kInterleavedZb1p,
                               &kZbH1,
                               &kZbH2,
                               &kZbV,
                               &kZbVAuto,
                               &kV1f1b,
                               &kVHalf,
                               &kVMin,
                               &kZbAuto,
                               &kDualPipe,
                               &kDualPipeV,
                               &kChimera,
                               &kHanayo};
constexpr std::array<std::string_view, kRules.size()> kNames = {
    "none",       "gpipe",      "1f1b",          "interleaved-1f1b",
    "looped-bfs", "pipedream",  "pipedream-2bw", "interleaved-zb1p",
    "zb-h1",      "zb-h2",      "zb-v",          "zb-v-auto",
    "v-1f1b",     "v-half",     "v-min",         "zb-auto",
    "dualpipe",   "dualpipe-v", "chimera",       "hanayo"};

// Far above any pipeline that was ever run, and below what would fill a memory.
constexpr std::int64_t kMaxEach = 1'000'000;
constexpr std::int64_t kMaxActions = 40'000'000;
constexpr std::int64_t kMaxSearched = 4'000'000;  // of those that hold a table of all passes while they search

const ScheduleRule* find_rule(std::string_view name) {
  for (const ScheduleRule* rule : kRules)
    if (rule->name == name) return rule;
  return nullptr;
}

Error no_such_schedule(const std::string& name) {
  const std::vector<std::string> candidates(kNames.begin(), kNames.end());
  return {{}, "no schedule is called '" + name + "'" + did_you_mean(name, candidates)};
}

Errors check_sizes(const ScheduleRule& rule, const ScheduleRequest& request) {
  Errors errors;
  const auto in_range = [&](std::string_view what, std::int64_t n) {
    if (n < 1 || n > kMaxEach)
      refuse(errors, std::string(what) + " = " + std::to_string(n) + ", and it must be between 1 and " +
                         std::to_string(kMaxEach));
  };
  in_range("pp", request.ranks);
  in_range("micro-batches", request.micro_batches);
  in_range("virtual_stages", request.chunks);
  if (!errors.empty()) return errors;
  // Three factors of at most 10^6 stay below 2^63.
  const std::int64_t actions =
      (rule.traits.splits ? 3ll : 2ll) * request.ranks * request.micro_batches * request.chunks;
  const std::int64_t most = rule.placement == Placement::wave || rule.traits.searches ? kMaxSearched : kMaxActions;
  if (actions > most)
    refuse(errors, "the schedule has " + std::string(rule.traits.splits ? "3" : "2") +
                       " x pp x micro-batches x virtual_stages = " + std::to_string(actions) +
                       " actions, and at most " + std::to_string(most) + " are drawn up");
  return errors;
}

void check_chunks(const ScheduleRule& rule, const ScheduleRequest& request, Errors& errors) {
  if (rule.traits.chunks == 0 || request.chunks == rule.traits.chunks) return;
  const std::string given = ", but virtual_stages = " + std::to_string(request.chunks);
  if (rule.traits.chunks == 2) return refuse(errors, "schedule " + request.name + " has two chunks a rank" + given);
  const std::string_view instead = request.name == "gpipe"      ? "looped-bfs"
                                   : request.name == "zb-h1"    ? "interleaved-zb1p"
                                   : request.name == "dualpipe" ? "dualpipe-v"
                                                                : "interleaved-1f1b";
  refuse(errors, "schedule " + request.name + " has one stage a rank" + given + "; did you mean '" +
                     std::string(instead) + "'?");
}

// What only some schedules read is an error elsewhere: nothing is accepted and ignored.
void check_unread(const ScheduleRule& rule, const ScheduleRequest& request, Errors& errors) {
  const auto only = [&](std::string_view whose) {
    return " is for " + std::string(whose) + ", and the schedule is " + request.name;
  };
  if (request.group != 0 && !rule.traits.grouped)
    refuse(errors, "group = " + std::to_string(request.group) + only("interleaved schedules"));
  const bool interleaved = rule.name == kInterleaved.name;
  if (!request.rule.empty() && !interleaved) refuse(errors, "rule '" + request.rule + "'" + only("interleaved-1f1b"));
  if (request.extra_warmup != 0 && !interleaved)
    refuse(errors, "extra_warmup = " + std::to_string(request.extra_warmup) + only("interleaved-1f1b"));
  if (request.pairs && !rule.traits.may_pair) refuse(errors, "pairs" + only("none and interleaved-1f1b"));
  if (!request.replicas.empty() && rule.name != kPipeDream.name) refuse(errors, "replicas" + only("pipedream"));
  if (!request.memory.empty() && !rule.traits.limited) refuse(errors, "a memory limit" + only("zb-auto"));
}

}  // namespace

void refuse(Errors& errors, std::string reason) {
  errors.push_back({{}, std::move(reason)});
}

ScheduleTimes evaluate_orders(const ScheduleRequest& request, Placement placement, Orders orders) {
  const Schedule schedule{request, placement, std::move(orders)};
  return request.costs.empty() ? evaluate(schedule, ScheduleCosts{}) : evaluate_by_stage(schedule, request.costs);
}

Result<Schedule> make_schedule(const ScheduleRequest& request) {
  if (request.name.ends_with(".csv")) return read_order(request);
  const ScheduleRule* rule = find_rule(request.name);
  if (!rule) return no_such_schedule(request.name);
  Errors errors = check_sizes(*rule, request);
  if (!errors.empty()) return errors;
  check_chunks(*rule, request, errors);
  check_unread(*rule, request, errors);
  if (rule->check && errors.empty()) errors = rule->check(request);
  if (!errors.empty()) return errors;

  Schedule schedule{request, rule->placement};
  schedule.traits = rule->traits;
  if (rule->turn) schedule.turn = rule->turn(request);
  schedule.order = rule->orders(request);
  return schedule;
}

Result<Schedule> LatestSchedule::make(const ScheduleRequest& request) {
  if (latest_ && latest_->request == request) return *latest_;
  Result<Schedule> made = make_schedule(request);
  if (made && !request.name.ends_with(".csv")) latest_ = *made;
  return made;
}

std::span<const std::string_view> schedule_names() {
  return kNames;
}

ScheduleTraits schedule_traits(std::string_view name) {
  const ScheduleRule* rule = find_rule(name);
  return rule ? rule->traits : ScheduleTraits{};
}

int usual_chunks(std::string_view name) {
  if (name.ends_with(".csv")) return 1;  // the file says
  const int chunks = schedule_traits(name).chunks;
  return chunks > 0 ? chunks : 2;
}

}  // namespace orrery::models
