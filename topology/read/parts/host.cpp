#include <algorithm>

#include "topology/read/parts/parts.h"

namespace orrery::topology {
namespace {

const Node& nobody() {
  static const Node node = [] {
    Node map;
    map.kind = Node::Kind::map;
    return map;
  }();
  return node;
}

// NCCL's names for what joins sockets, by vendor; today's of each.
std::string_view usual_socket_link(const std::string& cpu) {
  return cpu == "amd" ? "xgmi" : cpu == "arm" ? "arm" : "upi";
}

void list_defaults(const Fields& f, ClusterSpec& spec) {
  const HostSpec& host = spec.host;
  const auto defaulted = [&](const std::string& what) { spec.defaults_used.push_back("cluster.host." + what); };
  if (!f.has("pcie")) defaulted("pcie = " + host.pcie);
  if (!f.has("nics")) defaulted("nics = " + std::to_string(host.nics) + " (one a GPU)");
  if (!f.has("pcie_switches")) defaulted("pcie_switches = " + std::to_string(host.pcie_switches));
  if (!f.has("numa")) defaulted("numa = " + std::to_string(host.numa));
  if (!f.has("cpu")) defaulted("cpu = " + spec.cpu_vendor);
}

}  // namespace

void read_host(Fields& cluster, const LinkFacts& links, Errors& errors, ClusterSpec& spec) {
  const Node* node = cluster.node("host");
  Fields f(node ? *node : nobody(), "cluster.host", errors);
  HostSpec& host = spec.host;
  const PcieFacts* facts = named(f, "pcie", links.pcie);
  if (!facts) facts = usual(links.pcie, host.pcie);
  if (facts) host.pcie = facts->name;
  host.pcie_bandwidth = f.bandwidth("pcie_bandwidth").value_or(facts ? facts->usable : BytesPerSecond{});
  host.memory_bandwidth = f.bandwidth("memory_bandwidth").value_or(facts ? facts->memory : BytesPerSecond{});
  host.disk_bandwidth = f.bandwidth("disk_bandwidth").value_or(facts ? facts->disk : BytesPerSecond{});
  const int gpus = spec.physical_gpus_per_node;
  host.nics = static_cast<int>(f.count("nics", 0, 1024).value_or(gpus));
  host.numa = static_cast<int>(f.count("numa", 1, 1024).value_or(2));
  // A switch for each NIC and the GPUs that use it; boxes without NVLink hang on root ports.
  const int switches = spec.scale_up.kind == "pcie" ? 0 : std::min(host.nics, gpus);
  host.pcie_switches = static_cast<int>(f.count("pcie_switches", 0, 1024).value_or(switches));
  spec.cpu_vendor = f.choice("cpu", {"intel", "amd", "arm"}).value_or(spec.cpu_vendor);
  const PcieFacts* sockets = named(f, "socket_link", links.sockets);
  if (!sockets) sockets = usual(links.sockets, usual_socket_link(spec.cpu_vendor));
  if (sockets) host.socket_link = sockets->name;
  host.socket_bandwidth = f.bandwidth("socket_bandwidth").value_or(sockets ? sockets->usable : BytesPerSecond{});
  if (sockets) host.socket_budget = sockets->usable;
  for (std::string_view key : {"peer_bandwidth", "peer_socket_bandwidth"})
    if (f.has(key) && spec.scale_up.kind != "pcie")
      f.fail(key, "'" + f.name() + "." + std::string(key) + "' is for nodes of 'scale_up.kind: pcie'");
  host.peer_bandwidth = f.bandwidth("peer_bandwidth").value_or(BytesPerSecond{});
  host.peer_socket_bandwidth = f.bandwidth("peer_socket_bandwidth").value_or(BytesPerSecond{});
  for (const auto& [key, rate] :
       {std::pair("pcie_bandwidth", host.pcie_bandwidth), std::pair("socket_bandwidth", host.socket_bandwidth),
        std::pair("peer_bandwidth", host.peer_bandwidth),
        std::pair("peer_socket_bandwidth", host.peer_socket_bandwidth)})
    if (f.has(key) && rate.n < 1) f.fail(key, "'" + std::string(key) + "' is 0: a link that carries nothing");
  if (!spec.ideal) list_defaults(f, spec);
  if (spec.scale_up.kind == "pcie") spec.scale_up.bandwidth = spec.scale_up.usable = host.pcie_bandwidth;
  f.finish();
}

}  // namespace orrery::topology
