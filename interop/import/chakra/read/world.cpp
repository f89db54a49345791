#include "interop/import/chakra/read/world.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "interop/import/chakra/read/order.h"

namespace orrery::interop::chakra {
namespace {

constexpr std::size_t kMostErrors = 20;

std::string of_group(const std::string& group) {
  return group.empty() ? "" : " of group '" + group + "'";
}

// A rank's collectives by group, each group's in an order that does not depend on the rank's.
using ByGroup = std::map<std::string, std::vector<const TraceNode*>>;

ByGroup collectives_of(const RankTrace& trace) {
  ByGroup found;
  for (const TraceNode& node : trace.nodes)
    if (node.kind == Kind::collective) found[node.group].push_back(&node);
  for (auto& [group, nodes] : found)
    std::stable_sort(nodes.begin(), nodes.end(), [](const TraceNode* a, const TraceNode* b) {
      return std::tie(a->collective, a->bytes) < std::tie(b->collective, b->bytes);
    });
  return found;
}

bool alike(const TraceNode* a, const TraceNode* b) {
  return a->collective == b->collective && a->bytes == b->bytes;
}

// What a rank runs and the group's first rank does not, or the other way round.
void check_alike(const World& world, const std::vector<ByGroup>& found, const std::string& group,
                 std::pair<std::uint32_t, std::uint32_t> ranks, Errors& errors) {
  const RankTrace &first = world.ranks[ranks.first], &mine = world.ranks[ranks.second];
  const std::vector<const TraceNode*> none;
  const auto of = [&](std::uint32_t rank) -> const std::vector<const TraceNode*>& {
    const auto list = found[rank].find(group);
    return list == found[rank].end() ? none : list->second;
  };
  const auto &ours = of(ranks.first), &theirs = of(ranks.second);
  std::size_t i = 0;
  while (i < std::min(ours.size(), theirs.size()) && alike(ours[i], theirs[i])) ++i;
  if (i == ours.size() && i == theirs.size()) return;
  const bool here = i < theirs.size();
  const TraceNode& node = here ? *theirs[i] : *ours[i];
  errors.push_back(fault_at(here ? mine.file : first.file, node.at,
                            "the " + std::string(to_string(node.collective)) + " of " + std::to_string(node.bytes) +
                                " bytes" + of_group(group) + " (node " + std::to_string(node.id) +
                                ") has no partner in " + (here ? first : mine).file + ": of this group's collectives " +
                                "that file has " + std::to_string((here ? ours : theirs).size()) + ", this one " +
                                std::to_string((here ? theirs : ours).size())));
}

void check_groups(const World& world, Errors& errors) {
  std::vector<ByGroup> found;
  for (const RankTrace& trace : world.ranks) found.push_back(collectives_of(trace));
  for (const auto& [group, members] : world.members)
    for (std::size_t i = 1; i < members.size() && errors.size() < kMostErrors; ++i)
      check_alike(world, found, group, {members[0], members[i]}, errors);
}

// Bytes from a rank to another, over all messages, as sender and receiver tell them.
void check_messages(const World& world, Errors& errors) {
  struct Told {
    std::int64_t sent = 0, received = 0;
    const TraceNode* node = nullptr;
    const RankTrace* trace = nullptr;
  };
  std::map<std::pair<std::int64_t, std::int64_t>, Told> messages;
  for (std::size_t rank = 0; rank < world.ranks.size(); ++rank)
    for (const TraceNode& node : world.ranks[rank].nodes) {
      if (node.kind != Kind::send && node.kind != Kind::receive) continue;
      const auto self = static_cast<std::int64_t>(rank);
      const bool sends = node.kind == Kind::send;
      if (node.peer >= world.size && errors.size() < kMostErrors)
        errors.push_back(fault_at(world.ranks[rank].file, node.at,
                                  "node " + std::to_string(node.id) + (sends ? " sends to" : " receives from") +
                                      " rank " + std::to_string(node.peer) + ", but there are " +
                                      std::to_string(world.size) + " ranks"));
      Told& told = messages[sends ? std::pair{self, node.peer} : std::pair{node.peer, self}];
      (sends ? told.sent : told.received) += 1;
      if (!told.node) told.node = &node, told.trace = &world.ranks[rank];
    }
  if (!errors.empty()) return;
  for (const auto& [ranks, told] : messages)
    if (told.sent != told.received && errors.size() < kMostErrors)
      errors.push_back(fault_at(told.trace->file, told.node->at,
                                "rank " + std::to_string(ranks.first) + " sends " + std::to_string(told.sent) +
                                    " messages to rank " + std::to_string(ranks.second) + ", which receives " +
                                    std::to_string(told.received)));
}

// In the order of the ranks that the names say; files without numbers stay as they are.
Errors sort_by_rank(std::vector<RankTrace>& traces) {
  if (traces.size() == 1 && rank_of(traces[0].file) <= 0) return {};
  Errors errors;
  for (const RankTrace& trace : traces)
    if (rank_of(trace.file) < 0)
      errors.push_back({{trace.file, 0, 0}, "the name says no rank: files of several ranks are called PREFIX.RANK.et"});
  if (!errors.empty()) return errors;
  std::stable_sort(traces.begin(), traces.end(),
                   [](const RankTrace& a, const RankTrace& b) { return rank_of(a.file) < rank_of(b.file); });
  for (std::size_t i = 0; i < traces.size() && errors.empty(); ++i) {
    const auto due = static_cast<std::int64_t>(i);
    const std::int64_t rank = rank_of(traces[i].file);
    if (rank < due) errors.push_back({{traces[i].file, 0, 0}, "is a second trace of rank " + std::to_string(rank)});
    if (rank > due)
      errors.push_back({{traces[i].file, 0, 0},
                        "the trace of rank " + std::to_string(due) + " is missing: there are " +
                            std::to_string(traces.size()) + " files, and ranks count from 0 without gaps"});
  }
  return errors;
}

}  // namespace

std::int64_t World::size_of(const std::string& group) const {
  if (ranks.size() == 1 || group.empty()) return size;
  const auto found = members.find(group);
  return found == members.end() ? 1 : static_cast<std::int64_t>(found->second.size());
}

std::int64_t rank_of(const std::string& file) {
  std::string_view name = file;
  name = name.substr(name.find_last_of('/') + 1);
  if (!name.ends_with(".et")) return -1;
  name.remove_suffix(3);
  const std::string_view digits = name.substr(name.find_last_of('.') + 1);
  std::int64_t rank = -1;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), rank);
  const bool whole = fault == std::errc() && end == digits.data() + digits.size() && digits.size() < name.size();
  return whole && rank >= 0 ? rank : -1;
}

Result<World> join(std::vector<RankTrace> traces, std::int64_t size) {
  if (Errors errors = sort_by_rank(traces); !errors.empty()) return errors;
  World world;
  world.ranks = std::move(traces);
  world.size = world.ranks.size() == 1 && size > 0 ? size : static_cast<std::int64_t>(world.ranks.size());
  for (std::uint32_t rank = 0; rank < world.ranks.size(); ++rank)
    for (const TraceNode& node : world.ranks[rank].nodes) {
      if (node.kind != Kind::collective) continue;
      std::vector<std::uint32_t>& members = world.members[node.group];
      if (members.empty() || members.back() != rank) members.push_back(rank);
    }
  // What names no group is run by all.
  if (const auto all = world.members.find(""); all != world.members.end()) {
    all->second.clear();
    for (std::uint32_t rank = 0; rank < world.ranks.size(); ++rank) all->second.push_back(rank);
  }
  Errors errors;
  check_groups(world, errors);
  if (world.ranks.size() > 1) check_messages(world, errors);
  if (!errors.empty()) return errors;
  return world;
}

}  // namespace orrery::interop::chakra
