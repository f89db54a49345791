#include "models/memory/allocation_replay.h"

namespace orrery::models {
namespace {

class Replay {
 public:
  Replay(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
         const CachingAllocator::Options& options)
      : program_(program), tensors_(tensors), allocator_(options) {
    std::uint32_t blocks = 0;
    first_.reserve(program.buffers.size() + 1);
    for (const sim::Buffer& buffer : program.buffers) {
      first_.push_back(blocks);
      blocks += buffer.parts == 0 ? 1 : static_cast<std::uint32_t>(tensors[buffer.parts].size());
    }
    first_.push_back(blocks);
    held_.assign(blocks, kNone);
  }

  Bytes peak() {
    for (const std::uint32_t buffer : program_.resident) allocate(buffer);
    constexpr int kSteps = 2;  // the first leaves segments behind that the second finds
    for (int step = 0; step < kSteps; ++step)
      for (const sim::Op& op : program_.streams[sim::kMainStream].ops) {
        if (op.kind == sim::OpKind::allocate) allocate(static_cast<std::uint32_t>(op.payload));
        if (op.kind == sim::OpKind::free) free(static_cast<std::uint32_t>(op.payload));
      }
    return allocator_.peak_reserved();
  }

 private:
  static constexpr CachingAllocator::Block kNone = UINT32_MAX;

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
  const std::vector<std::vector<Bytes>>& tensors_;
  CachingAllocator allocator_;
  std::vector<std::uint32_t> first_;           // of held_, by buffer
  std::vector<CachingAllocator::Block> held_;  // of each buffer's parts
};

// All that a replay reads.
std::vector<std::int64_t> requests(const sim::Program& program) {
  std::vector<std::int64_t> all(program.resident.begin(), program.resident.end());
  for (const sim::Buffer& buffer : program.buffers) all.insert(all.end(), {buffer.bytes.n, buffer.parts});
  for (const sim::Op& op : program.streams[sim::kMainStream].ops) {
    if (op.kind == sim::OpKind::allocate) all.push_back(op.payload);
    if (op.kind == sim::OpKind::free) all.push_back(-1 - op.payload);
  }
  return all;
}

}  // namespace

Bytes ReservedPeaks::of(const sim::Program& program) {
  const auto [known, is_new] = known_.try_emplace(requests(program));
  if (is_new) known->second = peak_reserved(program, tensors_, options_);
  return known->second;
}

Bytes peak_reserved(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                    const CachingAllocator::Options& options) {
  return Replay(program, tensors, options).peak();
}

}  // namespace orrery::models
