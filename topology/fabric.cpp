#include "topology/fabric.h"

#include <algorithm>

#include "topology/build/wiring.h"
#include "topology/detours.h"
#include "topology/rings.h"

namespace orrery::topology {

Result<Fabric> Fabric::build(const ClusterSpec& cluster) {
  Result<Wiring> wiring = wire(cluster);
  if (!wiring) return wiring.errors();
  Fabric fabric;
  fabric.cluster_ = cluster;
  fabric.hashed_ = cluster.fabric.routing == "ecmp" && wiring->network;
  if (fabric.hashed_) fabric.paths_ = std::max(1, cluster.fabric.queue_pairs);
  if (!wiring->free) fabric.links_.reserve(7 * static_cast<std::size_t>(cluster.gpus()));  // three pairs, and switches
  for (Part* part : std::initializer_list<Part*>{wiring->scale_up.get(), wiring->host.get(), wiring->network.get()})
    if (part) part->place(fabric.links_);
  fabric.wiring_ = std::make_shared<const Wiring>(std::move(*wiring));
  if (!cluster.faults.empty()) {
    Result<Detours> detours = apply_faults(fabric, fabric.links_);
    if (!detours) return detours.errors();
    if (!detours->failed.empty()) fabric.detours_ = std::make_shared<const Detours>(std::move(*detours));
  }
  return fabric;
}

bool Fabric::same_domain(RankId a, RankId b) const {
  return a.value / wiring_->domain == b.value / wiring_->domain;
}

int Fabric::domain_of(RankId gpu) const {
  return static_cast<int>(gpu.value / wiring_->domain);
}

std::uint32_t Fabric::links_a_domain() const {
  return wiring_->scale_up && !detours_ ? wiring_->scale_up->links_a_domain() : 0;
}

int Fabric::nics_per_node() const {
  return wiring_->host ? static_cast<int>(wiring_->host->ports()) : 0;
}

int Fabric::rail_of(RankId gpu) const {
  if (!wiring_->host || wiring_->host->ports() == 0) return 0;
  return static_cast<int>(wiring_->host->port_in_node(gpu.value % wiring_->gpus_per_node));
}

void Fabric::planned_route(RankId from, RankId to, std::vector<LinkId>& links, std::uint32_t path) const {
  const Wiring& w = *wiring_;
  if (same_domain(from, to)) {
    if (w.scale_up && w.scale_up->joins(from.value, to.value))
      return w.scale_up->route(from.value, to.value, path, links);
    return w.host->between(from.value, to.value, links);
  }
  std::uint32_t leaves_at = from.value;
  const std::uint32_t port_b = w.port_of(to.value);
  if (!w.network->joins(w.port_of(leaves_at), port_b)) {
    // Over NVLink (or PCIe) to the GPU on the destination's rail first.
    leaves_at = w.node_of(from.value) * w.gpus_per_node + w.host->gpu_of_port(port_b % w.host->ports());
    planned_route(from, {leaves_at}, links, path);
  }
  w.host->to_port(leaves_at, links);
  w.network->route(w.port_of(leaves_at), port_b, path, links);
  w.host->from_port(to.value, links);
}

void Fabric::route(RankId from, RankId to, std::vector<LinkId>& links, std::uint32_t path) const {
  if (wiring_->free || from == to) return;
  if (!hashed_) path = 0;
  const std::size_t start = links.size();
  planned_route(from, to, links, path);
  if (!detours_) return;
  // Where a flow takes one of many ways it is hashed (or counted) to another one:
  // numbers that no connection has, and a prime so that every way has its turn.
  constexpr std::uint32_t kOtherWays = 64, kStride = 65'537;
  const auto blocked = [&] { return detours_->blocks({links.data() + start, links.size() - start}); };
  for (std::uint32_t i = 1; blocked() && i <= kOtherWays; ++i) {
    links.resize(start);
    planned_route(from, to, links, path + i * kStride);
  }
  if (!blocked()) return;
  links.resize(start);
  detours_->route(from, to, links);
}

void Fabric::host_route(RankId gpu, bool to_host, std::vector<LinkId>& links) const {
  if (wiring_->host) wiring_->host->memory(gpu.value, to_host, links);
}

Duration Fabric::latency(RankId from, RankId to) const {
  const Wiring& w = *wiring_;
  if (w.free || same_domain(from, to)) return {};
  std::uint32_t port_a = w.port_of(from.value);
  const std::uint32_t port_b = w.port_of(to.value);
  if (!w.network->joins(port_a, port_b)) port_a = port_a - port_a % w.host->ports() + port_b % w.host->ports();
  if (const std::optional<Duration> told = w.network->own_latency(port_a, port_b)) return *told;
  const FabricSpec& spec = cluster_.fabric;
  return spec.latency + (w.network->switches_passed(port_a, port_b) - 1) * spec.switch_latency;
}

std::optional<std::uint32_t> Fabric::leaf_of(RankId gpu) const {
  if (wiring_->free || hashed_ || detours_ || !wiring_->network) return std::nullopt;
  return wiring_->network->leaf_of(wiring_->port_of(gpu.value));
}

std::vector<std::vector<std::uint32_t>> Fabric::rings(std::span<const RankId> members) const {
  return disjoint_rings(*this, members);
}

std::string Fabric::gpu_name(RankId gpu) const {
  return "node" + std::to_string(node_of(gpu)) + "/gpu" + std::to_string(gpu.value % wiring_->gpus_per_node);
}

std::string Fabric::link_name(LinkId link) const {
  const Wiring& w = *wiring_;
  for (const Part* part : std::initializer_list<const Part*>{w.scale_up.get(), w.host.get(), w.network.get()}) {
    if (!part || !part->owns(link)) continue;
    const std::uint32_t pair = part->pair_of(link);
    const auto [out, in] = part->directions(pair);
    return part->name(pair) + " " + std::string(link == part->out(pair) ? out : in);
  }
  return "link" + std::to_string(link.value);
}

}  // namespace orrery::topology
