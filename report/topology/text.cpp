#include "report/text.h"

#include <limits>

#include "report/topology/view.h"

namespace orrery::report {
namespace {

using topology::ClusterSpec;

std::string rate(double bytes) {
  return bytes >= 1e12 ? significant(bytes / 1e12) + " TB/s" : significant(bytes / 1e9) + " GB/s";
}

std::string rate(BytesPerSecond r) {
  return rate(static_cast<double>(r.n));
}

std::string plural(std::int64_t n, const std::string& what) {
  const std::string ending = what.back() == 'h' ? "es" : "s";
  return grouped(n) + " " + what + (n == 1 ? "" : ending);
}

std::string sizes(const std::vector<int>& extents) {
  std::string text;
  for (int e : extents) text += (text.empty() ? "" : " x ") + std::to_string(e);
  return text;
}

std::string scale_up(const ClusterSpec& c) {
  const topology::ScaleUpSpec& s = c.scale_up;
  std::string text = s.kind + (s.generation.empty() ? "" : " " + s.generation);
  if (s.kind == "nvswitch") text += ", " + plural(s.switches, "switch");
  if (s.planes > 1) text += " on " + plural(s.planes, "board");
  if (!s.dimensions.empty()) text += " " + sizes(s.dimensions);
  return text + ", domains of " + plural(c.domain_gpus(), "GPU") + ", " + rate(s.usable) + " a GPU";
}

std::string host(const ClusterSpec& c) {
  const topology::HostSpec& h = c.host;
  std::string text = "PCIe " + h.pcie + " " + rate(h.pcie_bandwidth) + " a GPU, " + plural(h.nics, "NIC") + " a node, ";
  text += h.pcie_switches > 0 ? plural(h.pcie_switches, "PCIe switch") : std::string("on root ports");
  return text + ", " + plural(h.numa, "NUMA domain") +
         (h.numa > 1 ? " (" + h.socket_link + " " + rate(h.socket_bandwidth) + ")" : "");
}

std::string network(const ClusterSpec& c) {
  const topology::FabricSpec& f = c.fabric;
  if (f.kind == "none") return "none";
  std::string text = f.kind;
  if (!f.dimensions.empty()) text += " " + sizes(f.dimensions);
  if (f.link.n > 0)
    text +=
        ", " + significant(static_cast<double>(f.link.n) * 8e-9) + " Gb/s a port, " + percent(f.efficiency) + " usable";
  if (f.pod_gpus > 0) text += ", pods of " + plural(f.pod_gpus, "GPU");
  text += ", " + f.routing + " routing";
  if (f.queue_pairs > 1) text += " over " + plural(f.queue_pairs, "queue pair");
  return text;
}

// One line a group, with what its nodes have of their own.
std::string groups(const ClusterSpec& c) {
  std::string text;
  int first = 0;
  for (int kind = 0; kind < static_cast<int>(c.groups.size()); ++kind) {
    const topology::NodeGroup& group = c.groups[static_cast<std::size_t>(kind)];
    const int last = first + group.nodes - 1;
    text += "  group      node" + std::to_string(first) +
            (last > first ? " to node" + std::to_string(last) : std::string()) + ": " + group.gpu.name + ", " +
            rate(group.scale_up.usable) + " a GPU inside, PCIe " + group.host.pcie + " " +
            rate(group.host.pcie_bandwidth);
    if (group.link.n > 0) text += ", " + significant(static_cast<double>(group.link.n) * 8e-9) + " Gb/s a port";
    text += "\n";
    first = last + 1;
  }
  return text;
}

std::string tiers(const std::vector<TierView>& views) {
  Table table("l");
  table.row({"tier", "switches", "from below", "upwards", "oversubscription"});
  for (const TierView& tier : views) {
    const bool top = tier.up_bytes == 0;
    table.row({tier.name, grouped(tier.switches), rate(tier.down_bytes), top ? "-" : rate(tier.up_bytes),
               top ? "-" : significant(tier.down_bytes / tier.up_bytes, 3) + ":1"});
  }
  return "\n" + table.str();
}

std::string links(const std::vector<LinksView>& views) {
  Table table("l");
  table.row({"links", "number", "each", ""});
  for (const LinksView& v : views)
    table.row({std::string(to_string(v.kind)), grouped(v.links), rate(v.most),
               v.least == v.most ? "" : "slowest " + rate(v.least)});
  return "\n" + table.str();
}

std::string path(const topology::Fabric& fabric, const PathView& p) {
  std::string text = "\nPath from " + fabric.gpu_name(p.from) + " to " + fabric.gpu_name(p.to) + "\n";
  Table table("llr");
  for (const HopView& hop : p.hops) table.row({hop.link, std::string(to_string(hop.kind)), rate(hop.capacity)});
  text += table.str();
  if (p.hops.empty()) return text + "  crosses no link\n";
  return text + "  network latency " + human_seconds(p.latency.seconds()) + ", bottleneck " + rate(p.bottleneck) + "\n";
}

std::string bisection(const TopologyView& view) {
  if (view.bisection.n == std::numeric_limits<std::int64_t>::max()) return "without bound (links are free)";
  const double bytes = static_cast<double>(view.bisection.n);
  std::string text = rate(bytes) + " each direction, " + rate(bytes / view.fabric.gpus() * 2) + " a GPU of one half";
  if (view.full_bisection > 0) text += ", " + percent(bytes / view.full_bisection) + " of what those can send";
  return text;
}

}  // namespace

std::string topology_text(const TopologyView& view) {
  const ClusterSpec& c = view.fabric.cluster();
  std::string text = "Cluster " + c.name + ": " + plural(c.nodes, "node") + " of " + plural(c.gpus_per_node, "GPU") +
                     " (" + c.gpu_names() + "), " + plural(c.gpus(), "GPU") + "\n";
  if (view.fabric.links().empty()) return text + "  links are free: transfers take no time\n";
  text += groups(c);
  text += "  inside     " + scale_up(c) + (c.groups.empty() ? "" : " (the first group)") + "\n  host       " + host(c) +
          "\n  network    " + network(c) + "\n";
  text += "  bisection  " + bisection(view) + "\n";
  for (const topology::LinkFault& fault : c.faults)
    text += "  fault      " + fault.link +
            (fault.rate.n > 0 ? " at " + rate(fault.rate) : " at " + percent(fault.share)) + "\n";
  if (!view.tiers.empty()) text += tiers(view.tiers);
  text += links(view.links);
  if (view.path) text += path(view.fabric, *view.path);
  return text;
}

}  // namespace orrery::report
