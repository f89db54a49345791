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

}  // namespace

Bytes peak_reserved(const sim::Program& program, const std::vector<std::vector<Bytes>>& tensors,
                    const CachingAllocator::Options& options) {
  return Replay(program, tensors, options).peak();
}

}  // namespace orrery::models
