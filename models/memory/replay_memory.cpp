#include "models/memory/replay_memory.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/base/digest.h"

namespace orrery::models {
namespace {

constexpr std::size_t kMostKnown = 64;  // some stages of a few layouts

std::uint64_t hash_of(const std::vector<std::int64_t>& shape) {
  std::uint64_t hash = shape.size();
  for (const std::int64_t part : shape) hash = (hash ^ static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15ull;
  return Digest::mix(hash);
}

// Requests as numbers: programs that are not alike may ask for the same.
std::vector<std::int64_t> shape_of(const sim::Program& program, const AskedRequests& requests) {
  const auto& [form, options, resident, starts, asked] = requests;
  const std::vector<sim::Op>& main = program.streams[sim::kMainStream].ops;
  std::vector<std::int64_t> all;
  all.reserve(resident.size() + program.buffers.size() + 4 * program.calls.size() + main.size());
  const auto add = [&](const auto& list) {
    all.push_back(static_cast<std::int64_t>(list.size()));
    all.insert(all.end(), list.begin(), list.end());
  };
  const auto add_op = [&](const sim::Op& op) {
    all.push_back(static_cast<std::int64_t>(op.kind));
    all.push_back(op.payload);
  };
  all.push_back(options.expandable_segments);
  all.push_back(options.limit.n);
  for (const std::size_t size : {starts.size(), asked.of_lists().size()})
    all.push_back(static_cast<std::int64_t>(size));
  add(resident);
  for (const StartUp& start : starts)
    for (const auto* part : {&start.before_first_step, &start.in_first_backward, &start.behind_first_step}) add(*part);
  for (const auto& list : asked.of_lists()) add(list);
  add(asked.buffers());
  for (const sim::Block& block : program.blocks) {
    for (const sim::Op& op : block.ops)
      if (sim::is_memory(op.kind)) add_op(op);
    all.push_back(-1);
  }
  for (const sim::Op& op : main) {
    if (sim::is_memory(op.kind)) add_op(op);
    if (op.kind != sim::OpKind::call) continue;
    const sim::Call& call = program.call_of(op);
    all.insert(all.end(), {static_cast<std::int64_t>(op.kind), call.block, call.made, call.kept});
  }
  return all;
}

}  // namespace

Bytes ReplayCourses::result(const std::vector<Bytes>& sizes, const Replays& replays) {
  if (sizes_ != sizes) {
    const std::optional<Bytes> followed = courses_.follow(sizes);
    result_ = followed ? *followed : replay(sizes, replays);
    sizes_ = sizes;
  }
  return result_;
}

// A trace takes longer than a replay: it is for requests that come up again.
Bytes ReplayCourses::replay(const std::vector<Bytes>& sizes, const Replays& replays) {
  const bool is_new = sizes_.empty();
  if (is_new) return replays.plain(sizes);
  SizeTrace trace;
  std::vector<TracedSize> given;
  for (const Bytes size : sizes) given.push_back(trace.given(size));
  const TracedSize result = replays.traced(given);
  courses_.add(std::move(trace).finish(result));
  return result.now();
}

auto ReplayMemory::find(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                        const AllocatorOptions& options, std::vector<std::uint32_t> resident,
                        std::vector<StartUp> starts) -> Found {
  const std::uint64_t form = forms_->of(program);
  for (auto known = known_.begin(); known != known_.end(); ++known) {
    const AskedRequests& requests = known->requests;
    if (requests.form != form || requests.options != options) continue;
    if (requests.resident != resident || requests.starts != starts) continue;
    std::optional<std::vector<Bytes>> sizes = requests.asked.resized(program, tensors);
    if (!sizes) continue;
    known_.splice(known_.end(), known_, known);
    return {requests, std::move(*sizes), *known->courses};
  }
  AskedRequests requests{form, options, std::move(resident), std::move(starts), {program, tensors}};
  std::shared_ptr<ReplayCourses> courses = courses_of(shape_of(program, requests));
  if (known_.size() == kMostKnown) known_.pop_front();
  known_.push_back({std::move(requests), std::move(courses)});
  const Known& known = known_.back();
  return {known.requests, known.requests.asked.all(), *known.courses};
}

std::shared_ptr<ReplayCourses> ReplayMemory::courses_of(std::vector<std::int64_t> shape) {
  const std::uint64_t hash = hash_of(shape);
  const auto at = std::find_if(shapes_.begin(), shapes_.end(),
                               [&](const Shape& known) { return known.hash == hash && known.shape == shape; });
  if (at != shapes_.end()) {
    shapes_.splice(shapes_.begin(), shapes_, at);
  } else {
    if (shapes_.size() == kMostKnown) shapes_.pop_back();
    shapes_.push_front({hash, std::move(shape), std::make_shared<ReplayCourses>()});
  }
  return shapes_.front().courses;
}

}  // namespace orrery::models
