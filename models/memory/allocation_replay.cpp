#include "models/memory/allocation_replay.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "models/memory/cause.h"

namespace orrery::models {
namespace {

// Resident buffers that no start-up stands for.
std::vector<std::uint32_t> resident(const sim::Program& program, const HeldWeights& held, bool started) {
  std::vector<std::uint32_t> others = program.resident;
  if (started)
    std::erase_if(others, [&](std::uint32_t buffer) {
      return std::find(held.buffers.begin(), held.buffers.end(), buffer) != held.buffers.end();
    });
  return others;
}

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

class Replay {
 public:
  Replay(const sim::Program& program, std::span<const std::int64_t> step,
         const std::vector<std::vector<Bytes>>& tensors, const CachingAllocator::Options& options)
      : program_(program), step_(step), tensors_(tensors), allocator_(options) {
    std::uint32_t blocks = 0;
    first_.reserve(program.buffers.size() + 1);
    for (const sim::Buffer& buffer : program.buffers) {
      first_.push_back(blocks);
      blocks += buffer.parts == 0 ? 1 : static_cast<std::uint32_t>(tensors[buffer.parts].size());
    }
    first_.push_back(blocks);
    held_.assign(blocks, kNone);
  }

  Bytes peak(const HeldWeights& held, const StartUp* start) {
    if (start != nullptr) ask(start->before_first_step);
    for (const std::uint32_t buffer : resident(program_, held, start != nullptr)) allocate(buffer);
    step(start);  // leaves segments behind that the second finds
    if (start != nullptr) ask(start->behind_first_step);
    step(nullptr);
    return allocator_.peak_reserved();
  }

 private:
  static constexpr CachingAllocator::Block kNone = UINT32_MAX;

  void ask(const std::vector<std::int64_t>& requests) {
    std::vector<CachingAllocator::Block> blocks;  // by request
    for (const std::int64_t request : requests) {
      blocks.push_back(request < 0 ? kNone : allocator_.allocate({request}));
      if (request < 0) allocator_.free(blocks[static_cast<std::size_t>(-1 - request)]);
    }
  }

  // What a forward keeps goes first in a backward.
  void step(const StartUp* start) {
    bool backward = start == nullptr;
    for (std::size_t i = 0; i < step_.size(); ++i) {
      const std::int64_t request = step_[i];
      if (request >= 0) {
        const bool goes_at_once = i + 1 < step_.size() && step_[i + 1] == -1 - request;
        if (goes_at_once && is_whole(static_cast<std::uint32_t>(request))) {
          allocator_.touch(program_.buffers[static_cast<std::size_t>(request)].bytes);
          ++i;
        } else {
          allocate(static_cast<std::uint32_t>(request));
        }
        continue;
      }
      const auto buffer = static_cast<std::uint32_t>(-1 - request);
      if (!backward && program_.buffers[buffer].cause == static_cast<std::uint8_t>(MemoryCause::activations)) {
        backward = true;
        ask(start->in_first_backward);
      }
      free(buffer);
    }
  }

  // One allocation, of nothing that a backward finds.
  bool is_whole(std::uint32_t index) const {
    const sim::Buffer& buffer = program_.buffers[index];
    return buffer.parts == 0 && buffer.cause != static_cast<std::uint8_t>(MemoryCause::activations);
  }

  void allocate(std::uint32_t index) {
    const sim::Buffer& buffer = program_.buffers[index];
    CachingAllocator::Block* block = &held_[first_[index]];
    if (buffer.parts == 0) {
      *block = allocator_.allocate(buffer.bytes);
      return;
    }
    for (const Bytes tensor : tensors_[buffer.parts]) *block++ = allocator_.allocate(tensor);
  }

  void free(std::uint32_t index) {
    for (std::uint32_t i = first_[index]; i < first_[index + 1]; ++i) {
      if (held_[i] != kNone) allocator_.free(held_[i]);
      held_[i] = kNone;
    }
  }

  const sim::Program& program_;
  const std::span<const std::int64_t> step_;
  const std::vector<std::vector<Bytes>>& tensors_;
  CachingAllocator allocator_;
  std::vector<std::uint32_t> first_;           // of held_, by buffer
  std::vector<CachingAllocator::Block> held_;  // of each buffer's parts
};

// All that replays read.
std::vector<std::int64_t> requests(const sim::Program& program, std::span<const std::int64_t> step,
                                   const HeldWeights& held, const std::vector<StartUp>& starts) {
  const std::vector<std::uint32_t> first = resident(program, held, !starts.empty());
  std::vector<std::int64_t> all;
  all.reserve(first.size() + step.size() + 3 * program.buffers.size());
  all.insert(all.end(), first.begin(), first.end());
  for (const StartUp& start : starts)
    for (const auto* part : {&start.before_first_step, &start.in_first_backward, &start.behind_first_step}) {
      all.push_back(static_cast<std::int64_t>(part->size()));
      all.insert(all.end(), part->begin(), part->end());
    }
  if (!starts.empty())
    for (const sim::Buffer& buffer : program.buffers) all.push_back(buffer.cause);
  for (const sim::Buffer& buffer : program.buffers) {
    all.push_back(buffer.bytes.n);
    all.push_back(buffer.parts);
  }
  all.insert(all.end(), step.begin(), step.end());
  return all;
}

}  // namespace

Bytes ReservedPeaks::of(const sim::Program& program, const Scenario& scenario, const HeldWeights& held) {
  const std::vector<StartUp> starts = start_ups(scenario, held);
  const std::vector<std::int64_t> step = step_of(program);
  const auto found = known_.try_emplace(requests(program, step, held, starts));
  Bytes& peak = found.first->second;
  if (!found.second) return peak;
  const auto replay = [&](const StartUp* start) {
    peak = std::max(peak, Replay(program, step, tensors_, options_).peak(held, start));
  };
  if (starts.empty()) replay(nullptr);
  // Ranks that ask alike are replayed once.
  for (auto start = starts.begin(); start != starts.end(); ++start)
    if (std::find(starts.begin(), start, *start) == start) replay(&*start);
  return peak;
}

Bytes peak_reserved(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                    const CachingAllocator::Options& options, const HeldWeights& held, const StartUp* start) {
  return Replay(program, step_of(program), tensors, options).peak(held, start);
}

}  // namespace orrery::models
