// Why a run cannot go on, as a chain of ops that wait for each other.
#include <algorithm>
#include <set>

#include "sim/check/check.h"
#include "sim/engine/impl.h"

namespace orrery::sim {

namespace {
constexpr std::size_t kLongestChain = 12;
}

Error Engine::why_stuck() const {
  const auto stands = [](const StreamState& s) { return s.status != StreamStatus::finished; };
  const auto first = std::find_if(streams_.begin(), streams_.end(), stands);
  std::string text = "the run cannot go on after " + std::to_string(now_.count_ps()) + " ps: ";
  std::set<std::uint32_t> told;
  const StreamState* s = &*first;
  for (;;) {
    text += place(*s);
    if (s->status == StreamStatus::finished || s->status == StreamStatus::drained) return {{}, text, Fault::input};
    if (!told.insert(id_of(*s)).second) return {{}, text + ": they wait for each other", Fault::input};
    if (told.size() > kLongestChain) return {{}, text + ", and so on", Fault::input};
    text += told.size() > 1 ? ", which waits for " : " waits for ";
    s = &awaited_by(*s);
  }
}

// Where a stream stands, as people know it.
std::string Engine::place(const StreamState& s) const {
  const std::string& name = rank_of(s).flat->program->streams[s.index].name;
  const std::string stream = "rank " + std::to_string(s.rank) + ", stream " + name;
  if (s.status == StreamStatus::finished || s.status == StreamStatus::drained) return stream + ", which has ended";
  if (rank_of(s).appended) return stream + ", op " + std::to_string(s.at);
  return describe(workload_, RankId{s.rank}, s.index, s.at);
}

const StreamState& Engine::awaited_by(const StreamState& s) const {
  if (s.status == StreamStatus::blocked) return sibling(s, s.waits_on);
  const std::uint32_t open = meetings_.open_with(id_of(s));
  if (open == kNone) return s;  // no such group or peer
  const Meeting& meeting = meetings_[open];
  for (const RankId member : meetings_.members_of(meeting)) {
    const auto is_here = [&](const Participant& who) { return streams_[who.stream].rank == member.value; };
    if (std::none_of(meeting.who.begin(), meeting.who.end(), is_here)) return stream_to_come(member, meeting, s);
  }
  return s;
}

// The stream of `member` that should have come: one that still holds an op for
// this meeting, or the one of the same index.
const StreamState& Engine::stream_to_come(RankId member, const Meeting& meeting, const StreamState& from) const {
  const RankState& rank = ranks_[member];
  if (rank.streams == 0) return from;
  const bool is_collective = flat(from).ops[from.at].kind == OpKind::collective;
  for (StreamIndex i = 0; i < rank.streams && !is_collective; ++i) {
    const StreamState& s = streams_[rank.first_stream + i];
    if (s.status == StreamStatus::finished) continue;
    const FlatStream& f = rank.flat->streams[i];
    for (OpIndex op = 0; op < f.size(); ++op) {
      if (!is_point_to_point(f.ops[op].kind)) continue;
      const Transfer& transfer = rank.flat->program->transfers[static_cast<std::size_t>(f.ops[op].payload)];
      if (transfer.tag == meeting.transfer->tag && workload_.peer_of(member, transfer.role) == RankId{from.rank})
        return s;
    }
  }
  return streams_[rank.first_stream + std::min<StreamIndex>(from.index, static_cast<StreamIndex>(rank.streams - 1))];
}

}  // namespace orrery::sim
