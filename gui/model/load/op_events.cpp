#include "gui/model/load/op_events.h"

namespace orrery::gui {
namespace {

constexpr std::uint32_t kNowhere = UINT32_MAX;

}  // namespace

OpEvents::OpEvents(const TraceModel& model, const sim::Workload& workload, const sim::Folded* folded)
    : model_(model), workload_(workload) {
  std::map<std::uint32_t, ShownRank> ranks;
  for (std::uint32_t i = 0; i < model.tracks().size(); ++i) {
    const Track& track = model.tracks()[i];
    const auto& rank = model.processes()[track.process].rank;
    if (!rank) continue;
    ShownRank& of = ranks.try_emplace(*rank, ShownRank{RankId{*rank}, {}}).first->second;
    const auto place = static_cast<std::size_t>(track.sort_index);
    if (of.tracks.size() <= place) of.tracks.resize(place + 1, kNowhere);
    of.tracks[place] = i;
  }
  for (auto& [rank, of] : ranks)
    shown_[folded != nullptr ? folded->class_of[RankId{rank}].value : rank].push_back(std::move(of));
  for (const sim::Program& program : workload.programs) tracks_of_program_.emplace_back(program);
}

void OpEvents::at(RankId rank, sim::StreamIndex stream, sim::OpIndex op, Ns when, std::vector<EventRef>& to) const {
  const auto found = shown_.find(rank.value);
  if (found == shown_.end()) return;
  for (const ShownRank& shown : found->second) {
    const ProgramId program = workload_.program_of[shown.rank];
    const sim::Stream& ops = workload_.programs[program].streams[stream];
    if (op >= ops.ops.size()) continue;  // appended while running: nobody knows what it waited for
    const std::uint32_t place = tracks_of_program_[program.value].of(ops, stream, op);
    if (place >= shown.tracks.size() || shown.tracks[place] == kNowhere) continue;
    const EventRef event = model_.innermost(shown.tracks[place], when);
    if (!event.is_none()) to.push_back(event);
  }
}

}  // namespace orrery::gui
