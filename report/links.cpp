#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "report/result.h"
#include "sim/base/digest.h"
#include "sim/hash_index.h"

namespace orrery::report {
namespace {

// Links in whose place any other of the same key could stand.
using Key = std::array<std::int64_t, 4>;  // kind, capacity, bytes, busy
struct Alike {
  Key key;
  LinkId first;
  int count = 0;
};

// Neighbours are mostly alike, or alike in turn, so the last two groups are asked first.
std::vector<Alike> group_alike(const sim::Workload& workload, const sim::RunResult& run) {
  std::vector<Alike> groups;
  sim::HashIndex index;
  std::uint32_t last = 0, before = 0;
  for (std::uint32_t i = 0; i < run.link_bytes.size(); ++i) {
    const LinkId id{i};
    if (run.link_bytes[id].n == 0) continue;
    const sim::Link& link = workload.links[id];
    const std::int64_t busy = i < run.link_busy.size() ? run.link_busy[id].count_ps() : 0;
    const Key key{link.kind, link.capacity.n, run.link_bytes[id].n, busy};
    if (groups.empty() || groups[last].key != key) std::swap(last, before);
    if (groups.empty() || groups[last].key != key) {
      std::uint64_t hash = 0;
      for (const std::int64_t part : key) hash = (hash + static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15ull;
      const auto next = static_cast<std::uint32_t>(groups.size());
      last = index.find_or_add(Digest::mix(hash), next, [&](std::uint32_t known) { return groups[known].key == key; });
      if (last == next) groups.push_back({key, id, 0});
    }
    ++groups[last].count;
  }
  return groups;
}

BusyLink describe(const Alike& group, const RunInputs& inputs) {
  const sim::Workload& workload = inputs.compiled.workload;
  const sim::Link& link = workload.links[group.first];
  BusyLink busy;
  busy.name = inputs.compiled.fabric ? inputs.compiled.fabric->link_name(group.first) : "";
  busy.kind = workload.link_kinds[link.kind];
  busy.alike = group.count;
  busy.capacity = link.capacity;
  busy.bytes = inputs.run.link_bytes[group.first];
  if (group.first.value < inputs.run.link_busy.size()) busy.busy = inputs.run.link_busy[group.first];
  const double could = static_cast<double>(link.capacity.n) * inputs.run.step_time().seconds();
  busy.utilisation = could > 0 ? static_cast<double>(busy.bytes.n) / could : 0;
  return busy;
}

}  // namespace

std::vector<BusyLink> busiest_links(const RunInputs& inputs, std::size_t at_most) {
  std::vector<std::pair<BusyLink, LinkId>> found;
  for (const Alike& group : group_alike(inputs.compiled.workload, inputs.run))
    found.emplace_back(describe(group, inputs), group.first);
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::tuple(-a.first.utilisation, a.second) < std::tuple(-b.first.utilisation, b.second);
  });
  if (found.size() > at_most) found.resize(at_most);
  std::vector<BusyLink> links;
  for (auto& [link, first] : found) links.push_back(std::move(link));
  return links;
}

}  // namespace orrery::report
