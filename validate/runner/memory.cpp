// Buffers of the ranks, allocated and freed as their programs say, and before those what a
// rank's training states ask for: in the order of the replay that predicts what is reserved.
#include "sim/base/read/quantity.h"
#include "validate/runner/impl.h"

namespace orrery::validate {

void Runner::start_up(StreamState& main) {
  const models::RankStart* start = options_.starts == nullptr ? nullptr : &(*options_.starts)[main.rank];
  if (start != nullptr && start->states) courses_[main.rank] = models::StartUpCourse(&*start->states);
  ask(main, courses_[main.rank].before_first_step());
  for (const std::uint32_t buffer : start == nullptr ? program_of(main.rank).resident : start->resident) {
    if (!go_on()) return;
    allocate(main, buffer);
  }
}

// What is not freed here stays.
void Runner::ask(StreamState& main, models::StartUpCourse::Requests requests) {
  std::vector<std::optional<BufferHandle>> made;  // by request
  for (const std::int64_t request : requests) {
    if (request < 0) {
      device_.free(main.handle, *made[static_cast<std::size_t>(-1 - request)]);
      made.emplace_back();
      continue;
    }
    const Bytes wanted{request};
    made.push_back(device_.allocate(main.handle, {&wanted, 1}));
    if (made.back()) continue;
    if (!device_.failed()) out_of_memory(main, wanted, "training states");
    return;
  }
}

void Runner::allocate(StreamState& s, std::uint32_t index) {
  const sim::Program& program = program_of(s.rank);
  const sim::Buffer& buffer = program.buffers[index];
  std::optional<BufferHandle>& held = buffers_[s.rank][index];
  held = device_.allocate(s.handle, tensors_of(buffer));
  if (!held && !device_.failed())
    out_of_memory(s, buffer.bytes, "'" + program.labels[buffer.label] + "' (" + workload_.causes[buffer.cause] + ")");
}

void Runner::free(StreamState& s, std::uint32_t index) {
  ask(s, courses_[s.rank].before_free(program_of(s.rank).buffers[index]));
  std::optional<BufferHandle>& held = buffers_[s.rank][index];
  if (held) device_.free(s.handle, *held);
  held.reset();
}

std::span<const Bytes> Runner::tensors_of(const sim::Buffer& buffer) const {
  if (buffer.parts == 0 || options_.tensors.empty()) return {&buffer.bytes, 1};
  return options_.tensors[buffer.parts];
}

void Runner::out_of_memory(const StreamState& s, Bytes wanted, const std::string& of) {
  faults_.push_back({{},
                     "rank " + std::to_string(s.rank.value) + ": no memory for " + std::to_string(wanted.n) +
                         " bytes of " + of + " in step " + std::to_string(s.step)});
}

}  // namespace orrery::validate
