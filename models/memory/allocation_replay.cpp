#include "models/memory/allocation_replay.h"

#include <algorithm>
#include <array>
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

bool is_activation(const sim::Buffer& buffer) {
  return buffer.cause == static_cast<std::uint8_t>(MemoryCause::activations);
}

// What a program asks for, each size once.
class AskedSizes {
 public:
  AskedSizes(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors) {
    buffers_.reserve(program.buffers.size());
    for (const sim::Buffer& buffer : program.buffers) {
      const std::uint32_t what = buffer.parts == 0 ? 2 * number(buffer.bytes) : 2u * buffer.parts + 1;
      buffers_.push_back(2 * what + (is_activation(buffer) ? 1 : 0));
    }
    for (const std::vector<Bytes>& list : tensors) {
      std::vector<std::uint32_t>& of_list = of_lists_.emplace_back();
      for (const Bytes tensor : list) of_list.push_back(number(tensor));
    }
  }

  const std::vector<Bytes>& all() const { return all_; }
  // Numbers of sizes: of a buffer that is one block, and of the tensors of a list.
  std::uint32_t of_buffer(std::uint32_t buffer) const { return buffers_[buffer] / 4; }
  const std::vector<std::uint32_t>& of_list(std::uint16_t list) const { return of_lists_[list]; }
  // What buffers are, but for sizes.
  const std::vector<std::uint32_t>& buffers() const { return buffers_; }
  const std::vector<std::vector<std::uint32_t>>& of_lists() const { return of_lists_; }

 private:
  // Sizes are few, and mostly the one that was seen last where this one would be is this one.
  std::uint32_t number(Bytes size) {
    std::uint32_t& recent = recent_[static_cast<std::uint64_t>(size.n) * 0x9e3779b97f4a7c15ull >> 58];
    if (recent < all_.size() && all_[recent] == size) return recent;
    const auto at = std::find(all_.begin(), all_.end(), size);
    recent = static_cast<std::uint32_t>(at - all_.begin());
    if (at == all_.end()) all_.push_back(size);
    return recent;
  }

  std::vector<Bytes> all_;
  std::array<std::uint32_t, 64> recent_{};  // numbers, by a hash
  std::vector<std::uint32_t> buffers_;
  std::vector<std::vector<std::uint32_t>> of_lists_;
};

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

  Size peak(const HeldWeights& held, const StartUp* start) {
    if (start != nullptr) ask(start->before_first_step);
    for (const std::uint32_t buffer : resident(program_, held, start != nullptr)) allocate(buffer);
    step(start);  // leaves segments behind that the second finds
    if (start != nullptr) ask(start->behind_first_step);
    step(nullptr);
    return allocator_.peak_reserved();
  }

 private:
  using Block = typename Allocator::Block;
  static constexpr Block kNone = UINT32_MAX;

  void ask(const std::vector<std::int64_t>& requests) {
    std::vector<Block> blocks;  // by request
    for (const std::int64_t request : requests) {
      blocks.push_back(request < 0 ? kNone : allocator_.allocate(Size(Bytes{request})));
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
          allocator_.touch(requests_[asked_.of_buffer(static_cast<std::uint32_t>(request))]);
          ++i;
        } else {
          allocate(static_cast<std::uint32_t>(request));
        }
        continue;
      }
      const auto buffer = static_cast<std::uint32_t>(-1 - request);
      if (!backward && is_activation(program_.buffers[buffer])) {
        backward = true;
        ask(start->in_first_backward);
      }
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
                   const AllocatorOptions& options, const HeldWeights& held, std::span<const StartUp> starts) {
  const std::vector<std::int64_t> step = step_of(program);
  if (starts.empty()) return Replay<Size>(program, step, asked, sizes, options).peak(held, nullptr);
  Size most;
  for (auto start = starts.begin(); start != starts.end(); ++start) {
    if (std::find(starts.begin(), start, *start) != start) continue;
    const Size peak = Replay<Size>(program, step, asked, sizes, options).peak(held, &*start);
    if (most < peak) most = peak;
  }
  return most;
}

// All that replays read but sizes.
std::vector<std::int64_t> shape_of(const sim::Program& program, const AskedSizes& asked,
                                   const AllocatorOptions& options, const HeldWeights& held,
                                   const std::vector<StartUp>& starts) {
  const std::vector<std::uint32_t> first = resident(program, held, !starts.empty());
  const std::vector<sim::Op>& main = program.streams[sim::kMainStream].ops;
  std::vector<std::int64_t> all;
  all.reserve(first.size() + program.buffers.size() + 4 * program.calls.size() + main.size());
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
  add(first);
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

Bytes ReservedPeaks::of(const sim::Program& program, const Scenario& scenario, const HeldWeights& held) {
  const std::vector<StartUp> starts = start_ups(scenario, held);
  const AskedSizes asked(program, tensors_);
  const auto replay = [&](auto sizes) { return most_reserved(program, asked, sizes, options_, held, starts); };
  return memory_->result(shape_of(program, asked, options_, held, starts), asked.all(), {replay, replay});
}

Bytes peak_reserved(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                    const CachingAllocator::Options& options, const HeldWeights& held, const StartUp* start) {
  const AskedSizes asked(program, tensors);
  const std::span<const StartUp> starts(start, start == nullptr ? 0 : 1);
  return most_reserved(program, asked, std::span<const Bytes>(asked.all()), options, held, starts);
}

}  // namespace orrery::models
