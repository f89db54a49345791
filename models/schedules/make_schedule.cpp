#include <array>
#include <string>

#include "models/schedules/rules.h"
#include "sim/base/suggest.h"

namespace orrery::models {
namespace {

constexpr std::array kRules = {&kNone, &kGpipe, &kOneForwardOneBackward, &kInterleaved, &kLoopedBfs};
constexpr std::array<std::string_view, kRules.size()> kNames = {"none", "gpipe", "1f1b", "interleaved-1f1b",
                                                                "looped-bfs"};

constexpr std::array<std::string_view, 15> kNotYet = {
    "pipedream", "pipedream-2bw", "interleaved-zb1p", "zb-h1",    "zb-h2",      "zb-v",    "zb-v-auto", "v-1f1b",
    "v-half",    "v-min",         "zb-auto",          "dualpipe", "dualpipe-v", "chimera", "hanayo"};

// Far above any pipeline that was ever run, and below what would fill a memory.
constexpr std::int64_t kMaxEach = 1'000'000;
constexpr std::int64_t kMaxActions = 40'000'000;

const ScheduleRule* find_rule(std::string_view name) {
  for (const ScheduleRule* rule : kRules)
    if (rule->name == name) return rule;
  return nullptr;
}

Error no_such_schedule(const std::string& name) {
  if (std::find(kNotYet.begin(), kNotYet.end(), name) != kNotYet.end())
    return {{}, "schedule " + name + " is not supported yet", Fault::unsupported};
  if (name.ends_with(".csv"))
    return {{}, "a schedule from a file (" + name + ") is not supported yet", Fault::unsupported};
  std::vector<std::string> candidates(kNames.begin(), kNames.end());
  candidates.insert(candidates.end(), kNotYet.begin(), kNotYet.end());
  return {{}, "no schedule is called '" + name + "'" + did_you_mean(name, candidates)};
}

Errors check_sizes(const ScheduleRequest& request) {
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
  const std::int64_t actions = 2ll * request.ranks * request.micro_batches * request.chunks;
  if (actions > kMaxActions)
    refuse(errors, "the schedule has 2 x pp x micro-batches x virtual_stages = " + std::to_string(actions) +
                       " actions, and at most " + std::to_string(kMaxActions) + " are drawn up");
  return errors;
}

// What only grouped schedules read is an error elsewhere: nothing is accepted and ignored.
Errors check_unread(const ScheduleRule& rule, const ScheduleRequest& request) {
  Errors errors;
  const std::string only = " is for interleaved-1f1b, and the schedule is " + request.name;
  if (rule.grouped) return errors;
  if (request.group != 0) refuse(errors, "group = " + std::to_string(request.group) + only);
  if (!request.rule.empty()) refuse(errors, "rule '" + request.rule + "'" + only);
  if (request.extra_warmup != 0) refuse(errors, "extra_warmup = " + std::to_string(request.extra_warmup) + only);
  return errors;
}

}  // namespace

void refuse(Errors& errors, std::string reason) {
  errors.push_back({{}, std::move(reason)});
}

Errors one_stage_a_rank(const ScheduleRequest& request, std::string_view instead) {
  Errors errors;
  if (request.chunks != 1)
    refuse(errors, "schedule " + request.name + " has one stage a rank, but virtual_stages = " +
                       std::to_string(request.chunks) + "; did you mean '" + std::string(instead) + "'?");
  return errors;
}

Result<Schedule> make_schedule(const ScheduleRequest& request) {
  const ScheduleRule* rule = find_rule(request.name);
  if (!rule) return no_such_schedule(request.name);
  Errors errors = check_sizes(request);
  if (!errors.empty()) return errors;
  errors = check_unread(*rule, request);
  for (Error& error : rule->check(request)) errors.push_back(std::move(error));
  if (!errors.empty()) return errors;

  Schedule schedule{request, rule->placement, {}};
  schedule.order.reserve(static_cast<std::size_t>(request.ranks));
  for (int rank = 0; rank < request.ranks; ++rank) schedule.order.push_back(rule->order(request, rank));
  return schedule;
}

std::span<const std::string_view> schedule_names() {
  return kNames;
}
std::span<const std::string_view> schedules_not_supported_yet() {
  return kNotYet;
}

}  // namespace orrery::models
