#include "interop/import/chakra/layout/pipeline.h"

#include <algorithm>
#include <set>

namespace orrery::interop::chakra {
namespace {

struct Peers {
  bool receives_first = false;  // the first of its messages comes in
  std::int64_t next = -1;       // to whom it sends first
  std::int64_t handed = 0;      // and how much
  std::set<std::int64_t> all;
};

Peers peers_of(const RankTrace& trace) {
  Peers peers;
  bool first = true;
  for (const TraceNode& node : trace.nodes) {
    if (node.kind != Kind::send && node.kind != Kind::receive) continue;
    if (first) peers.receives_first = node.kind == Kind::receive;
    first = false;
    peers.all.insert(node.peer);
    if (node.kind == Kind::send && peers.next < 0) {
      peers.next = node.peer;
      peers.handed = node.bytes;
    }
  }
  return peers;
}

// Ranks that exchange messages with each other, through others too, as groups.
std::vector<std::vector<std::uint32_t>> connected(const std::vector<Peers>& peers) {
  std::vector<std::vector<std::uint32_t>> parts;
  std::vector<bool> seen(peers.size(), false);
  for (std::uint32_t rank = 0; rank < peers.size(); ++rank) {
    if (seen[rank]) continue;
    std::vector<std::uint32_t> part{rank};
    seen[rank] = true;
    for (std::size_t i = 0; i < part.size(); ++i)
      for (std::int64_t peer : peers[part[i]].all)
        if (!seen[static_cast<std::size_t>(peer)]) {
          seen[static_cast<std::size_t>(peer)] = true;
          part.push_back(static_cast<std::uint32_t>(peer));
        }
    parts.push_back(std::move(part));
  }
  return parts;
}

// From the one that receives nothing first, each to the one it sends to first. A last stage
// sends backward, to one that has been.
std::vector<std::uint32_t> chain(const std::vector<std::uint32_t>& part, const std::vector<Peers>& peers) {
  std::vector<std::uint32_t> stages;
  for (std::uint32_t rank : part)
    if (!peers[rank].receives_first) stages.push_back(rank);
  if (stages.size() != 1) return {};
  std::set<std::uint32_t> been{stages[0]};
  while (peers[stages.back()].next >= 0 && been.insert(static_cast<std::uint32_t>(peers[stages.back()].next)).second)
    stages.push_back(static_cast<std::uint32_t>(peers[stages.back()].next));
  return stages.size() == part.size() ? stages : std::vector<std::uint32_t>{};
}

bool wraps(const std::vector<std::uint32_t>& stages, const std::vector<Peers>& peers) {
  return stages.size() > 2 && peers[stages.front()].all.count(stages.back()) > 0;
}

}  // namespace

Pipeline pipeline_of(const World& world) {
  Pipeline pipeline;
  std::vector<Peers> peers;
  for (const RankTrace& trace : world.ranks) peers.push_back(peers_of(trace));
  if (world.ranks.size() == 1) {
    if (!peers[0].all.empty()) pipeline.doubt = "it sends to other ranks, whose traces are not there";
    return pipeline;
  }
  const auto parts = connected(peers);
  const auto stages = chain(parts[0], peers);
  if (parts[0].size() == 1) {
    if (parts.size() < peers.size()) pipeline.doubt = "some ranks send messages and rank 0 sends none";
    return pipeline;
  }
  if (stages.empty()) {
    pipeline.doubt = "the messages among " + std::to_string(parts[0].size()) +
                     " ranks form no chain with one beginning (context parallelism in a ring?)";
    return pipeline;
  }
  pipeline.stages = stages;
  for (std::size_t i = 0; i + 1 < stages.size(); ++i) pipeline.handed.push_back(peers[stages[i]].handed);
  const bool even = std::all_of(parts.begin(), parts.end(), [&](const auto& p) { return p.size() == stages.size(); });
  if (wraps(stages, peers))
    pipeline.doubt =
        "the last stage sends to the first too: several chunks of layers a rank, here one after the other as one";
  else if (!even)
    pipeline.doubt = "not all ranks are in pipelines of " + std::to_string(stages.size()) + " stages";
  return pipeline;
}

}  // namespace orrery::interop::chakra
