#include "sim/coalesce/solo/solo_streams.h"

namespace orrery::sim {

SoloStreams::SoloStreams(const Workload& workload, const SoloCollectives& solo)
    : workload_(workload), streams_(workload.programs.size()), blocks_(workload.programs.size()) {
  for (std::uint32_t p = 0; p < workload.programs.size(); ++p) {
    if (solo.times({p}).empty()) continue;
    write_stream({p}, solo);
    if (solo.all_in_calls({p})) write_blocks({p}, solo.times({p}));
  }
}

void SoloStreams::write_stream(ProgramId program, const SoloCollectives& solo) {
  const std::vector<Op>& main = workload_.programs[program].streams[kMainStream].ops;
  const std::span<const Duration> times = solo.times(program);
  const std::span<const char> met = solo.met(program);
  std::vector<Op>& stream = streams_[program];
  for (OpIndex i = 0; i < main.size(); ++i) {
    if (main[i].kind != OpKind::collective || (!met.empty() && met[i])) continue;
    const Duration time = times[static_cast<std::size_t>(main[i].payload)];
    if (time < Duration()) continue;
    if (stream.empty()) stream = main;
    as_kernel(stream[i], time);
  }
}

void SoloStreams::write_blocks(ProgramId program, std::span<const Duration> times) {
  for (const Block& block : workload_.programs[program].blocks)
    blocks_[program].push_back(solo_blocks_.of(block, times));
}

}  // namespace orrery::sim
