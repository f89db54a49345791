#include "sim/leaps/meet/meeting_order.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <tuple>

#include "sim/engine/meet/meetings.h"

namespace orrery::sim {
namespace {

// Takes all ranks through a step in which nothing takes time.
class Writer {
 public:
  Writer(const Workload& workload, const Tracks& tracks)
      : workload_(workload), tracks_(tracks), meetings_(workload, false), ranks_(workload.ranks()) {}

  std::shared_ptr<const MeetingOrder> write() {
    for (std::uint32_t r = 0; r < workload_.ranks(); ++r) ready_.push_back({r});
    while (!ready_.empty()) {
      const RankId id = ready_.front();
      ready_.pop_front();
      if (!enter_next(id)) return nullptr;
    }
    const bool all_are_done = std::ranges::all_of(ranks_, [](const Rank& rank) { return rank.open == 0; });
    if (!all_are_done) return nullptr;
    compare_routes();
    return std::make_shared<const MeetingOrder>(std::move(order_));
  }

 private:
  struct Rank {
    std::uint32_t leg = 0;              // of its main stream
    std::uint32_t open = 0;             // transfers of it that have not been met,
    std::vector<std::uint32_t> routes;  // and those that have
  };

  // False if somebody is not there whom it is to meet.
  bool enter_next(RankId id) {
    Rank& rank = ranks_[id];
    const Track& main = tracks_[workload_.program_of[id]].main();
    const std::span<const Legs::Leg> legs = main.legs().all();
    while (rank.leg < legs.size() && legs[rank.leg].transfers == 0) ++rank.leg;
    if (rank.leg == legs.size()) return true;
    const Legs::Leg& leg = legs[rank.leg];
    rank.open = leg.transfers;
    for (OpIndex op = leg.begin; op < leg.end; ++op) {
      if (!is_transfer(main.ops()[op].kind)) continue;
      const std::uint32_t meeting = meetings_.enter(id, kMainStream, main.ops()[op], {id.value, op, Time()});
      if (meeting == kNone) return false;
      if (meetings_.is_complete(meeting)) meet(meeting);
    }
    return true;
  }

  void meet(std::uint32_t index) {
    meetings_.begin(index);
    const Meeting& meeting = meetings_[index];
    const std::uint32_t route = route_of(meeting);
    ++order_.routes[route].times;
    order_.encounters.push_back(
        {route, static_cast<std::uint32_t>(order_.present.size()), static_cast<std::uint32_t>(meeting.who.size())});
    for (const Participant& who : meeting.who) {
      const RankId id{who.stream};
      order_.present.push_back(id);
      ranks_[id].routes.push_back(route);
      if (--ranks_[id].open == 0) leave(id);
    }
    meetings_.release(index);
  }

  void leave(RankId id) {
    Rank& rank = ranks_[id];
    for (std::size_t i = 0; i < rank.routes.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) together_.insert(std::minmax({rank.routes[i], rank.routes[j]}));
    rank.routes.clear();
    ++rank.leg;
    ready_.push_back(id);
  }

  // What is moved is what the first says: of two, the sender.
  std::uint32_t route_of(const Meeting& meeting) {
    const ProgramId program = workload_.program_of[{meeting.who.front().stream}];
    const Transfer* const transfers = workload_.programs[program].transfers.data();
    const auto transfer = static_cast<std::uint32_t>(meeting.transfer - transfers);
    const auto [at, is_new] = routes_.emplace(std::tuple(meeting.owner, program.value, transfer),
                                              static_cast<std::uint32_t>(order_.routes.size()));
    if (is_new) order_.routes.push_back({meeting.transfer->kind, meetings_.members_of(meeting), program, transfer, 0});
    return at->second;
  }

  // A rank is in one group of transfers at a time, so routes that share a rank are in turn unless a group has both.
  void compare_routes() {
    const auto n = static_cast<std::uint32_t>(order_.routes.size());
    if (n > kMostCompared) return;
    for (std::uint32_t a = 0; a < n; ++a)
      for (std::uint32_t b = 0; b < n; ++b)
        order_.in_turn.push_back(share_a_rank(order_.routes[a], order_.routes[b]) &&
                                 !together_.contains(std::minmax({a, b})));
  }
  static bool share_a_rank(const MeetingOrder::Route& a, const MeetingOrder::Route& b) {
    return std::ranges::find_first_of(a.ranks, b.ranks) != a.ranks.end();
  }

  static constexpr std::uint32_t kMostCompared = 512;  // as a folded workload has

  const Workload& workload_;
  const Tracks& tracks_;
  Meetings meetings_;
  IdVector<RankId, Rank> ranks_;
  std::deque<RankId> ready_;                                                                 // in no transfer
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t> routes_;  // by who, and what
  std::set<std::pair<std::uint32_t, std::uint32_t>> together_;
  MeetingOrder order_;
};

}  // namespace

std::shared_ptr<const MeetingOrder> meeting_order(const Workload& workload, const Tracks& tracks) {
  return Writer(workload, tracks).write();
}

}  // namespace orrery::sim
