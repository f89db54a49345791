#include "sim/engine/meet/meetings.h"

#include <algorithm>

#include "sim/base/digest.h"
#include "sim/phase.h"

namespace orrery::sim {

std::size_t Meetings::PairHash::operator()(const Pair& pair) const {
  return Digest::mix((std::uint64_t{pair.from} << 32 | pair.to) + Digest::mix(pair.tag));
}

namespace {
bool is_collective(TransferKind kind) {
  return kind != TransferKind::point_to_point && !is_copy(kind);
}
}  // namespace

Duration Meeting::skip_to_flow() {
  Duration delay;
  for (; phase < plan->phases.size(); ++phase) {
    const Phase& ahead = plan->phases[phase];
    delay += ahead.latency;
    if (flows(ahead)) break;
    delay += own_time(ahead);
  }
  return delay;
}

Meetings::Meetings(const Workload& workload, bool open_ended)
    : workload_(workload), roles_(workload.group_roles.size()) {
  for (const Group& group : workload.groups) {
    owners_.emplace_back();
    owners_.back().members = group.members;
  }
  number_communicators(open_ended);
  join_groups();
  number_transfers();
}

void Meetings::number_communicators(bool open_ended) {
  for (const Program& program : workload_.programs) {
    std::vector<std::uint32_t> used, place(program.streams.size() * roles_, kNone);
    const auto use = [&](std::size_t communicator) {
      if (place[communicator] != kNone) return;
      place[communicator] = static_cast<std::uint32_t>(used.size());
      used.push_back(static_cast<std::uint32_t>(communicator));
    };
    for (std::size_t s = 0; s < program.streams.size(); ++s) {
      for (const Op& op : program.streams[s].ops) {
        if (op.kind != OpKind::collective) continue;
        const std::size_t role = program.transfers[static_cast<std::size_t>(op.payload)].role;
        if (role < roles_) use(s * roles_ + role);
      }
      for (std::size_t role = 0; open_ended && role < roles_; ++role) use(s * roles_ + role);
    }
    used_.add(std::move(used));
    place_of_.add(std::move(place));
  }
}

void Meetings::join_groups() {
  for (std::uint32_t r = 0; r < workload_.ranks(); ++r) {
    const std::vector<std::uint32_t>& used = used_[workload_.program_of[RankId{r}]];
    const auto first = static_cast<std::uint32_t>(memberships_.size());
    first_membership_.add(first);
    for (std::size_t i = 0; i < used.size(); ++i) {
      const GroupId group = workload_.group_of({r}, used[i] % roles_);
      std::size_t same = i;
      for (std::size_t j = 0; j < i && same == i; ++j)
        if (used[j] / roles_ == used[i] / roles_ && memberships_[first + j].group == group.value) same = j;
      memberships_.push_back({group.value, static_cast<std::uint32_t>(first + same)});
    }
  }
  counters_.resize(memberships_.size());
}

// Slots only for what needs them: a program may have many collectives and few pairs.
void Meetings::number_transfers() {
  IdVector<ProgramId, std::uint32_t> slots;
  for (const Program& program : workload_.programs) {
    std::uint32_t n = 0;
    std::vector<std::uint32_t> slot(program.transfers.size(), kNone);
    for (std::size_t t = 0; t < slot.size(); ++t)
      if (!is_collective(program.transfers[t].kind)) slot[t] = 2 * n++;  // as sender, as receiver
    slot_of_transfer_.add(std::move(slot));
    slots.add(2 * n);
  }
  std::uint32_t total = 0;
  for (const ProgramId program : workload_.program_of) {
    of_rank_.add({workload_.programs[program].transfers.data(), slot_of_transfer_[program].data(), total});
    total += slots[program];
  }
  slots_.assign(total, kNone);
}

std::uint32_t Meetings::pair_of(RankId rank, const Transfer& transfer, bool is_send) {
  const RankId peer = workload_.peer_of(rank, transfer.role);
  if (peer.is_none()) return kNone;
  const RankId from = is_send ? rank : peer, to = is_send ? peer : rank;
  const auto [it, is_new] =
      pairs_.emplace(Pair{from.value, to.value, transfer.tag}, static_cast<std::uint32_t>(owners_.size()));
  if (is_new) {
    owners_.emplace_back();
    owners_.back().members = {from, to};
    owners_.back().is_pair = true;
  }
  return it->second;
}

std::uint32_t Meetings::open(std::uint32_t owner, const Transfer& transfer) {
  std::uint32_t index;
  if (unused_.empty()) {
    index = static_cast<std::uint32_t>(meetings_.size());
    meetings_.emplace_back();
  } else {
    index = unused_.back();
    unused_.pop_back();
  }
  Meeting& meeting = meetings_[index];
  meeting.owner = owner;
  meeting.transfer = &transfer;
  Owner& of = owners_[owner];
  (of.tail == kNone ? of.head : meetings_[of.tail].next) = index;
  of.tail = index;
  return index;
}

void Meetings::close(std::uint32_t index) {
  Owner& owner = owners_[meetings_[index].owner];
  const std::uint32_t next = meetings_[index].next;
  if (owner.head == index) {
    owner.head = next;
    if (owner.tail == index) owner.tail = kNone;
    return;
  }
  std::uint32_t before = owner.head;
  while (meetings_[before].next != index) before = meetings_[before].next;
  meetings_[before].next = next;
  if (owner.tail == index) owner.tail = before;
}

std::uint32_t Meetings::collective(RankId rank, StreamIndex stream, const Transfer& transfer, Participant who) {
  if (transfer.role >= roles_) return kNone;
  const std::uint32_t place = place_of_[workload_.program_of[rank]][stream * roles_ + transfer.role];
  const Membership& membership = memberships_[first_membership_[rank] + place];
  if (membership.group == kNone) return kNone;
  const std::uint32_t sequence = counters_[membership.counter]++;
  std::uint32_t index = owners_[membership.group].head;
  while (index != kNone && (meetings_[index].sequence != sequence || meetings_[index].stream != stream))
    index = meetings_[index].next;
  if (index == kNone) {
    index = open(membership.group, transfer);
    meetings_[index].sequence = sequence;
    meetings_[index].stream = stream;
  }
  meetings_[index].who.push_back(who);
  return index;
}

std::uint32_t Meetings::post(RankId rank, std::size_t transfer_index, bool is_send, Participant who) {
  const Transfer& transfer = of_rank_[rank].transfers[transfer_index];
  if (is_collective(transfer.kind)) return kNone;
  std::uint32_t& slot = *(&owner_slot(rank, transfer_index) + (is_send ? 0 : 1));
  if (slot == kNone) slot = pair_of(rank, transfer, is_send);
  if (slot == kNone) return kNone;
  const std::uint32_t waiting = owners_[slot].head;
  if (waiting == kNone || meetings_[waiting].sender_waits == is_send) {
    const std::uint32_t index = open(slot, transfer);
    meetings_[index].sender_waits = is_send;
    meetings_[index].who.push_back(who);
    return index;
  }
  Meeting& meeting = meetings_[waiting];
  meeting.who.push_back(who);
  if (!is_send) return waiting;
  std::swap(meeting.who[0], meeting.who[1]);
  meeting.transfer = &transfer;
  return waiting;
}

std::uint32_t Meetings::copy(RankId rank, std::size_t transfer_index, Participant who) {
  const Transfer& transfer = of_rank_[rank].transfers[transfer_index];
  if (is_collective(transfer.kind)) return kNone;
  std::uint32_t& slot = owner_slot(rank, transfer_index);
  if (slot == kNone) {
    slot = static_cast<std::uint32_t>(owners_.size());
    owners_.emplace_back();
    owners_.back().members = {rank};
  }
  const std::uint32_t index = open(slot, transfer);
  meetings_[index].who.push_back(who);
  return index;
}

bool Meetings::is_complete(std::uint32_t index) const {
  const Owner& owner = owners_[meetings_[index].owner];
  return meetings_[index].who.size() >= owner.members.size();
}

void Meetings::begin(std::uint32_t index) {
  close(index);
  Meeting& meeting = meetings_[index];
  meeting.plan_index = plan_for(owners_[meeting.owner], *meeting.transfer);
  meeting.plan = plans_[meeting.plan_index].plan;
}

std::optional<Duration> Meetings::start_alone(std::uint32_t index, Time at, FlowNet& network) {
  Meeting& meeting = meetings_[index];
  const Duration time = time_alone(meeting, network);
  if (time > Time::never() - at) return std::nullopt;
  const FlowNet::ActivityId activity = network.start_alone(at, meeting.plan->phases[meeting.phase]);
  if (activity == FlowNet::nobody()) return std::nullopt;
  meeting.activity = activity;
  meeting.flow_start = at;
  meeting.alone = true;
  return time;
}

void Meetings::release(std::uint32_t index) {
  Meeting& meeting = meetings_[index];
  const std::uint32_t generation = meeting.generation;
  std::vector<Participant> who = std::move(meeting.who);
  who.clear();
  meeting = Meeting{};
  meeting.generation = generation + 1;  // events that are still due are old
  meeting.who = std::move(who);
  unused_.push_back(index);
}

std::uint32_t Meetings::open_with(std::uint32_t stream) const {
  for (std::uint32_t i = 0; i < meetings_.size(); ++i) {
    if (meetings_[i].plan) continue;
    for (const Participant& who : meetings_[i].who)
      if (who.stream == stream) return i;
  }
  return kNone;
}

// Transfers repeat in order, so the plan wanted now is mostly the one behind the
// plan used last.
std::uint32_t Meetings::plan_for(Owner& owner, const Transfer& transfer) {
  if (owner.plan != kNone) {
    std::uint32_t i = plans_[owner.plan].next;
    for (;; i = plans_[i].next) {
      if (plans_[i].bytes == transfer.bytes && plans_[i].kind == transfer.kind) {
        return owner.plan = i;
      }
      if (i == owner.plan) break;
    }
  }
  const TransferPlan& plan = workload_.planner->plan({transfer.kind, owner.members, transfer.bytes});
  const auto index = static_cast<std::uint32_t>(plans_.size());
  const std::uint32_t next = owner.plan == kNone ? index : plans_[owner.plan].next;
  plans_.push_back({&plan, transfer.bytes, transfer.kind, next});
  if (owner.plan != kNone) plans_[owner.plan].next = index;
  return owner.plan = index;
}

}  // namespace orrery::sim
