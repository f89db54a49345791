#include "models/memory/allocation_replay.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "models/memory/asked_sizes.h"
#include "models/memory/start_up_course.h"

namespace orrery::models {
namespace {

// Of 1,944 layouts of a varied sweep 67 reserve more in the third step than in the second (12 % at most), 28 of them or
// others still more in one of the next three (1.4 % at most).
constexpr int kSteps = 3;

// What a step asks: a buffer; or, below zero, -1 - buffer: that is freed.
std::vector<std::int64_t> step_of(const sim::Program& program) {
  const auto is_memory = [](const sim::Op& op) { return sim::is_memory(op.kind); };
  std::vector<std::vector<sim::Op>> blocks;
  for (const sim::Block& block : program.blocks)
    std::copy_if(block.ops.begin(), block.ops.end(), std::back_inserter(blocks.emplace_back()), is_memory);

  std::vector<std::int64_t> step;
  step.reserve(2 * program.buffers.size());
  const auto ask = [&](const sim::Op& op, std::int64_t buffer) {
    step.push_back(op.kind == sim::OpKind::allocate ? buffer : -1 - buffer);
  };
  for (const sim::Op& op : program.streams[sim::kMainStream].ops) {
    if (is_memory(op)) ask(op, op.payload);
    if (op.kind != sim::OpKind::call) continue;
    const sim::Call& call = program.call_of(op);
    for (const sim::Op& inside : blocks[call.block]) ask(inside, call.buffer(inside.payload));
  }
  return step;
}

template <class Size>
class Replay {
 public:
  using Allocator = CachingAllocatorOf<Size>;

  // `sizes`: those that are asked for, by number.
  Replay(const sim::Program& program, std::span<const std::int64_t> step, const AskedSizes& asked,
         std::span<const Size> sizes, const AllocatorOptions& options)
      : program_(program), step_(step), asked_(asked), allocator_(options) {
    for (const Size& size : sizes) requests_.push_back(Allocator::request(size));
    std::uint32_t blocks = 0;
    first_.reserve(program.buffers.size() + 1);
    for (const sim::Buffer& buffer : program.buffers) {
      first_.push_back(blocks);
      blocks += buffer.parts == 0 ? 1 : static_cast<std::uint32_t>(asked.of_list(buffer.parts).size());
    }
    first_.push_back(blocks);
    held_.assign(blocks, kNone);
  }

  Size peak(const std::vector<std::uint32_t>& resident, const StartUp* start) {
    StartUpCourse course(start);
    ask(course.before_first_step());
    for (const std::uint32_t buffer : resident) allocate(buffer);
    step(course);  // leaves segments behind that the next finds
    ask(course.behind_step());
    for (int later = 1; later < kSteps; ++later) step(course);
    return allocator_.peak_reserved();
  }

 private:
  using Block = typename Allocator::Block;
  static constexpr Block kNone = UINT32_MAX;

  void ask(StartUpCourse::Requests requests) {
    std::vector<Block> blocks;  // by request
    for (const std::int64_t request : requests) {
      blocks.push_back(request < 0 ? kNone : allocator_.allocate(Size(Bytes{request})));
      if (request < 0) allocator_.free(blocks[static_cast<std::size_t>(-1 - request)]);
    }
  }

  void step(StartUpCourse& course) {
    for (std::size_t i = 0; i < step_.size(); ++i) {
      const std::int64_t request = step_[i];
      if (request >= 0) {
        const bool goes_at_once = i + 1 < step_.size() && step_[i + 1] == -1 - request;
        if (goes_at_once && is_whole(static_cast<std::uint32_t>(request))) {
          allocator_.touch(requests_[asked_.of_buffer(static_cast<std::uint32_t>(request))]);
          ++i;
        } else {
          allocate(static_cast<std::uint32_t>(request));
        }
        continue;
      }
      const auto buffer = static_cast<std::uint32_t>(-1 - request);
      ask(course.before_free(program_.buffers[buffer]));
      free(buffer);
    }
  }

  // One allocation, of nothing that a backward finds.
  bool is_whole(std::uint32_t index) const {
    const sim::Buffer& buffer = program_.buffers[index];
    return buffer.parts == 0 && !is_activation(buffer);
  }

  void allocate(std::uint32_t index) {
    const sim::Buffer& buffer = program_.buffers[index];
    Block* block = &held_[first_[index]];
    if (buffer.parts == 0) {
      *block = allocator_.serve(requests_[asked_.of_buffer(index)]);
      return;
    }
    for (const std::uint32_t tensor : asked_.of_list(buffer.parts)) *block++ = allocator_.serve(requests_[tensor]);
  }

  void free(std::uint32_t index) {
    for (std::uint32_t i = first_[index]; i < first_[index + 1]; ++i) {
      if (held_[i] != kNone) allocator_.free(held_[i]);
      held_[i] = kNone;
    }
  }

  const sim::Program& program_;
  const std::span<const std::int64_t> step_;
  const AskedSizes& asked_;
  std::vector<typename Allocator::Request> requests_;  // by number
  Allocator allocator_;
  std::vector<std::uint32_t> first_;  // of held_, by buffer
  std::vector<Block> held_;           // of each buffer's parts
};

// Of several ranks, the most. Ranks that ask alike are replayed once.
template <class Size>
Size most_reserved(const sim::Program& program, const AskedSizes& asked, std::span<const Size> sizes,
                   const AllocatorOptions& options, const std::vector<std::uint32_t>& resident,
                   std::span<const StartUp> starts) {
  const std::vector<std::int64_t> step = step_of(program);
  if (starts.empty()) return Replay<Size>(program, step, asked, sizes, options).peak(resident, nullptr);
  Size most;
  for (auto start = starts.begin(); start != starts.end(); ++start) {
    if (std::find(starts.begin(), start, *start) != start) continue;
    const Size peak = Replay<Size>(program, step, asked, sizes, options).peak(resident, &*start);
    if (most < peak) most = peak;
  }
  return most;
}

}  // namespace

AllocatorOptions allocator_options(const Scenario& scenario, int node_kind) {
  return {scenario.software.expandable_segments, scenario.cluster.gpu_of(node_kind).memory - scenario.software.runtime};
}

std::vector<std::uint32_t> resident_beside(const sim::Program& program, const HeldWeights& held, bool has_start) {
  std::vector<std::uint32_t> others = program.resident;
  if (has_start)
    std::erase_if(others, [&](std::uint32_t buffer) {
      return std::find(held.buffers.begin(), held.buffers.end(), buffer) != held.buffers.end();
    });
  return others;
}

Bytes ReservedPeaks::of(const sim::Program& program, const Scenario& scenario, const HeldWeights& held) {
  std::vector<StartUp> starts = start_ups(scenario, held);
  std::vector<std::uint32_t> first = resident_beside(program, held, !starts.empty());
  const ReplayMemory::Found found = memory_->find(program, tensors_, options_, std::move(first), std::move(starts));
  const AskedRequests& like = found.requests;
  const auto replay = [&](auto sizes) {
    return most_reserved(program, like.asked, sizes, options_, like.resident, like.starts);
  };
  return found.courses.result(found.sizes, {replay, replay});
}

Bytes peak_reserved(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                    const CachingAllocator::Options& options, const HeldWeights& held, const StartUp* start) {
  const AskedSizes asked(program, tensors);
  const std::span<const StartUp> starts(start, start == nullptr ? 0 : 1);
  return most_reserved(program, asked, std::span<const Bytes>(asked.all()), options,
                       resident_beside(program, held, start != nullptr), starts);
}

}  // namespace orrery::models
