#include "models/memory/allocation_replay.h"

namespace orrery::models {
namespace {

class Replay {
 public:
  Replay(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
         const CachingAllocator::Options& options)
      : program_(program), tensors_(tensors), allocator_(options), held_(program.buffers.size()) {}

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
  void allocate(std::uint32_t index) {
    const sim::Buffer& buffer = program_.buffers[index];
    if (buffer.parts == 0) {
      held_[index].push_back(allocator_.allocate(buffer.bytes));
      return;
    }
    for (const Bytes tensor : tensors_[buffer.parts]) held_[index].push_back(allocator_.allocate(tensor));
  }

  void free(std::uint32_t index) {
    for (const CachingAllocator::Block block : held_[index]) allocator_.free(block);
    held_[index].clear();
  }

  const sim::Program& program_;
  const std::vector<std::vector<Bytes>>& tensors_;
  CachingAllocator allocator_;
  std::vector<std::vector<CachingAllocator::Block>> held_;  // by buffer
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
