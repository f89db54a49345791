// Buffers of the ranks, allocated and freed as their programs say.
#include "sim/base/read/quantity.h"
#include "validate/runner/impl.h"

namespace orrery::validate {

void Runner::allocate_resident(StreamState& main) {
  for (const std::uint32_t buffer : program_of(main.rank).resident) allocate(main, buffer);
}

void Runner::allocate(StreamState& s, std::uint32_t buffer) {
  std::optional<BufferHandle>& held = buffers_[s.rank][buffer];
  held = device_.allocate(s.handle, program_of(s.rank).buffers[buffer].bytes);
  if (!held && !device_.failed()) out_of_memory(s, buffer);
}

void Runner::free(StreamState& s, std::uint32_t buffer) {
  std::optional<BufferHandle>& held = buffers_[s.rank][buffer];
  if (held) device_.free(s.handle, *held);
  held.reset();
}

void Runner::out_of_memory(const StreamState& s, std::uint32_t buffer) {
  const sim::Program& program = program_of(s.rank);
  const sim::Buffer& wanted = program.buffers[buffer];
  faults_.push_back({{},
                     "rank " + std::to_string(s.rank.value) + ": no memory for " + std::to_string(wanted.bytes.n) +
                         " bytes of '" + program.labels[wanted.label] + "' (" + workload_.causes[wanted.cause] +
                         ") in step " + std::to_string(s.step)});
}

}  // namespace orrery::validate
