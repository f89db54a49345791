#include <algorithm>
#include <tuple>

#include "sim/check/meets.h"
#include "sim/check/parts.h"

namespace orrery::sim {

namespace {

class MeetingCheck {
 public:
  MeetingCheck(const Workload& workload, Faults& faults) : workload_(workload), faults_(faults) {
    for (const Program& program : workload.programs) meets_.add(met_in_a_step(program));
  }

  void run() {
    check_roles();
    if (!faults_.none()) return;
    check_traffic();
    check_groups();
  }

 private:
  const Program& program_of(RankId rank) const { return workload_.programs[workload_.program_of[rank]]; }
  const Meets& meets_of_rank(RankId rank) const { return meets_[workload_.program_of[rank]]; }

  // Every role that a rank's program speaks of is there for that rank.
  void check_roles() {
    for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
      const RankId rank{r};
      for (const Traffic& traffic : meets_of_rank(rank).traffic) {
        const PeerRoleInfo& role = workload_.peer_roles[traffic.role];
        const RankId peer = role.peer_of[rank];
        if (!peer.is_none() && peer != rank) continue;
        faults_.add([&] {
          return name_of(workload_, rank) + ": " + name_of(program_of(rank), traffic.first.stream, traffic.first.op) +
                 (peer.is_none() ? " has no peer of role '" : " is to itself: it is its own peer of role '") +
                 role.name + "'";
        });
      }
      for (const Sequence& sequence : meets_of_rank(rank).sequences) {
        const GroupRoleInfo& role = workload_.group_roles[sequence.role];
        if (!role.group_of[rank].is_none()) continue;
        faults_.add([&] {
          return name_of(workload_, rank) + ": " + name_of(program_of(rank), sequence.stream, sequence.ops.front()) +
                 " has no group of role '" + role.name + "'";
        });
      }
    }
  }

  // Both sides of every (sender, receiver, tag), summed over a step.
  struct Side {
    std::uint32_t from = 0, to = 0, tag = 0;
    bool sends = false;
    std::uint64_t count = 0;
    std::int64_t bytes = 0;
    Place first;
    auto pair() const { return std::tie(from, to, tag); }
    RankId rank() const { return {sends ? from : to}; }
    RankId other() const { return {sends ? to : from}; }
  };

  std::vector<Side> sides() const {
    std::vector<Side> all;
    for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
      for (const Traffic& t : meets_of_rank({r}).traffic) {
        const std::uint32_t peer = workload_.peer_roles[t.role].peer_of[RankId{r}].value;
        all.push_back({t.sends ? r : peer, t.sends ? peer : r, t.tag, t.sends, t.count, t.bytes, t.first});
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const Side& a, const Side& b) {
      return std::tuple(a.from, a.to, a.tag, !a.sends) < std::tuple(b.from, b.to, b.tag, !b.sends);
    });
    return all;
  }

  void check_traffic() {
    const std::vector<Side> all = sides();
    for (std::size_t i = 0; i < all.size();) {
      const Side& first = all[i];
      std::uint64_t count[2] = {0, 0};
      std::int64_t bytes[2] = {0, 0};
      for (; i < all.size() && all[i].pair() == first.pair(); ++i) {
        count[all[i].sends] += all[i].count;
        bytes[all[i].sends] += all[i].bytes;
      }
      if (count[0] == count[1] && bytes[0] == bytes[1]) continue;
      faults_.add([&] { return unmatched(first, count, bytes); });
    }
  }

  std::string unmatched(const Side& side, const std::uint64_t (&count)[2], const std::int64_t (&bytes)[2]) const {
    const std::string who = name_of(workload_, {side.from}) + " sends " + std::to_string(count[1]) + " times to " +
                            name_of(workload_, {side.to}) + ", which receives " + std::to_string(count[0]) +
                            " times from it, with tag " + std::to_string(side.tag);
    const std::string where = "; the first is " + name_of(program_of(side.rank()), side.first.stream, side.first.op);
    if (count[0] != count[1]) return who + where;
    return who + ", but " + std::to_string(bytes[1]) + " bytes are sent and " + std::to_string(bytes[0]) + " received" +
           where;
  }

  // Every member of a group issues the same collectives on a stream. Roles of a
  // rank that name one group share its communicator: then the order is that of
  // both together.
  Sequence issued(RankId rank, GroupId group, StreamIndex stream) const {
    Sequence all{.stream = stream, .role = 0, .digest = {}, .ops = {}};
    const Sequence* only = nullptr;
    for (const Sequence& sequence : meets_of_rank(rank).sequences) {
      if (sequence.stream != stream || workload_.group_roles[sequence.role].group_of[rank] != group) continue;
      only = all.ops.empty() ? &sequence : nullptr;
      all.ops.insert(all.ops.end(), sequence.ops.begin(), sequence.ops.end());
    }
    if (only) return *only;
    std::sort(all.ops.begin(), all.ops.end());
    for (const OpIndex op : all.ops) {
      if (program_of(rank).streams[stream].ops[op].kind == OpKind::call) return unlike(rank);
      const Transfer& transfer = program_of(rank).transfer_of(program_of(rank).streams[stream].ops[op]);
      all.digest.add(static_cast<std::uint64_t>(transfer.kind)).add(static_cast<std::uint64_t>(transfer.bytes.n));
    }
    return all;
  }

  // In what order a call's collectives of several roles come is not looked into: it counts as a disagreement.
  static Sequence unlike(RankId rank) {
    Sequence none;
    none.digest.add(rank.value);
    return none;
  }

  // What a rank issues in one group on one stream: equal numbers, equal collectives.
  struct Issue {
    GroupId group;
    StreamIndex stream = 0;
    RankId rank;
    std::uint64_t digest = 0;
    auto where() const { return std::tie(group, stream); }
  };

  std::vector<Issue> issues() const {
    std::vector<Issue> all;
    for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
      const auto& sequences = meets_of_rank({r}).sequences;
      const std::size_t first = all.size();
      for (const Sequence& sequence : sequences) {
        const GroupId group = workload_.group_roles[sequence.role].group_of[RankId{r}];
        const Issue issue{group, sequence.stream, {r}, sequence.digest.value()};
        const auto same = std::find_if(all.begin() + static_cast<std::ptrdiff_t>(first), all.end(),
                                       [&](const Issue& i) { return i.where() == issue.where(); });
        if (same == all.end())
          all.push_back(issue);
        else
          same->digest = issued({r}, group, sequence.stream).digest.value();
      }
    }
    std::sort(all.begin(), all.end(), [](const Issue& a, const Issue& b) {
      return std::tie(a.group, a.stream, a.rank) < std::tie(b.group, b.stream, b.rank);
    });
    return all;
  }

  void check_groups() {
    const std::vector<Issue> all = issues();
    for (std::size_t i = 0; i < all.size();) {
      const Issue& first = all[i];
      std::size_t members = 0;
      for (; i < all.size() && all[i].where() == first.where(); ++i, ++members) {
        if (all[i].digest != first.digest) faults_.add([&] { return disagreement(first, all[i].rank); });
      }
      const auto& group = workload_.groups[first.group].members;
      if (members == group.size()) continue;
      faults_.add([&] { return disagreement(first, absent_from(all, first)); });
    }
  }

  RankId absent_from(const std::vector<Issue>& all, const Issue& issue) const {
    for (const RankId member : workload_.groups[issue.group].members) {
      const bool there = std::any_of(all.begin(), all.end(),
                                     [&](const Issue& i) { return i.where() == issue.where() && i.rank == member; });
      if (!there) return member;
    }
    return issue.rank;
  }

  // "group 2 disagrees on collective number 4 of stream tp: rank 0 (a) issues collective 'x'
  // (op 3 of stream tp), all-gather of 64 bytes; rank 1 (b) issues only 3".
  std::string disagreement(const Issue& issue, RankId other) const {
    const Sequence mine = issued(issue.rank, issue.group, issue.stream);
    const Sequence theirs = issued(other, issue.group, issue.stream);
    std::size_t k = 0;
    while (k < mine.ops.size() && k < theirs.ops.size() &&
           told(issue.rank, issue.stream, mine.ops[k]) == told(other, issue.stream, theirs.ops[k])) {
      ++k;
    }
    const auto tell = [&](RankId rank, const Sequence& sequence) {
      if (k >= sequence.ops.size()) {
        return name_of(workload_, rank) + " issues only " + std::to_string(sequence.ops.size());
      }
      return name_of(workload_, rank) + " issues " + name_of(program_of(rank), issue.stream, sequence.ops[k]) + ", " +
             told(rank, issue.stream, sequence.ops[k]);
    };
    return "group " + std::to_string(issue.group.value) + " disagrees on collective number " + std::to_string(k + 1) +
           " of stream " + program_of(issue.rank).streams[issue.stream].name + ": " + tell(issue.rank, mine) + "; " +
           tell(other, theirs);
  }

  std::string told(RankId rank, StreamIndex stream, OpIndex op) const {
    const Transfer& transfer = program_of(rank).transfer_of(program_of(rank).streams[stream].ops[op]);
    return std::string(to_string(transfer.kind)) + " of " + std::to_string(transfer.bytes.n) + " bytes";
  }

  const Workload& workload_;
  Faults& faults_;
  IdVector<ProgramId, Meets> meets_;
};

}  // namespace

void check_meetings(const Workload& workload, Faults& faults) {
  MeetingCheck(workload, faults).run();
}

}  // namespace orrery::sim
