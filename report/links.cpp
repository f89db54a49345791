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
struct Group {
  Key key;
  sim::LinkLoad load;
  LinkId first;
  std::int64_t count = 0;
};

std::vector<Group> group_alike(const sim::Workload& workload, const sim::LinkLoads& loads) {
  std::vector<Group> groups;
  sim::HashIndex index;
  for (const sim::LinkLoads::Alike& of : loads.alike()) {
    if (of.load.bytes.n == 0) continue;
    const sim::Link& link = workload.links[of.first];
    const Key key{link.kind, link.capacity.n, of.load.bytes.n, of.load.busy.count_ps()};
    std::uint64_t hash = 0;
    for (const std::int64_t part : key) hash = (hash + static_cast<std::uint64_t>(part)) * 0x9e3779b97f4a7c15ull;
    const auto next = static_cast<std::uint32_t>(groups.size());
    const auto at = index.find_or_add(Digest::mix(hash), next, [&](std::uint32_t k) { return groups[k].key == key; });
    if (at == next) groups.push_back({key, of.load, of.first, 0});
    groups[at].first = std::min(groups[at].first, of.first);
    groups[at].count += of.links;
  }
  return groups;
}

BusyLink describe(const Group& group, const RunInputs& inputs) {
  const sim::Workload& workload = inputs.compiled.workload;
  const sim::Link& link = workload.links[group.first];
  BusyLink busy;
  busy.name = inputs.compiled.fabric ? inputs.compiled.fabric->link_name(group.first) : "";
  busy.kind = workload.link_kinds[link.kind];
  busy.alike = static_cast<int>(group.count);
  busy.capacity = link.capacity;
  busy.bytes = group.load.bytes;
  busy.busy = group.load.busy;
  const double could = static_cast<double>(link.capacity.n) * inputs.run.step_time().seconds();
  busy.utilisation = could > 0 ? static_cast<double>(busy.bytes.n) / could : 0;
  return busy;
}

}  // namespace

std::vector<BusyLink> busiest_links(const RunInputs& inputs, std::size_t at_most) {
  std::vector<std::pair<BusyLink, LinkId>> found;
  for (const Group& group : group_alike(inputs.compiled.workload, inputs.run.links))
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
