#include "topology/listed.h"
#include "topology/read/parts/parts.h"
#include "topology/read/parts/plausible.h"

namespace orrery::topology {
namespace {

constexpr std::string_view kTrees[] = {"fat-tree", "rail-optimized", "multi-plane", "dragonfly"};

bool is_tree(std::string_view kind) {
  return kind == kTrees[0] || kind == kTrees[1] || kind == kTrees[2] || kind == kTrees[3];
}

void read_link(Fields& f, const LinkFacts& links, ClusterSpec& spec) {
  FabricSpec& fabric = spec.fabric;
  const std::optional<BytesPerSecond> link = f.bandwidth("link");
  if (link) check_nic(f, *link);
  fabric.link = link.value_or(BytesPerSecond{});
  const bool joins = fabric.kind != "none" && fabric.kind != "nvl-domain";  // nor does a refused kind ask for more
  if (joins && !f.has("link")) f.fail("", "'cluster.fabric' needs 'link', the rate of a NIC port");
  const NetworkFacts* facts = named(f, "network", links.network);
  fabric.sharp = f.flag("sharp").value_or(false);
  if (fabric.sharp && facts && !facts->sharp)
    f.fail("sharp", "'cluster.fabric.sharp: true', but switches of 'network: " + facts->name + "' do not reduce");
  if (fabric.sharp && !is_tree(fabric.kind) && fabric.kind != "single-switch" && fabric.kind != "rail-only")
    refuse_idle(f, "sharp");
  if (!facts) facts = usual(links.network, "any");
  const NetworkFacts any;
  if (!facts) facts = &any;
  fabric.efficiency = f.number("efficiency", 0.01, 1).value_or(facts->efficiency);
  fabric.latency = f.duration("latency").value_or(facts->latency);
  fabric.switch_latency = f.duration("switch_latency").value_or(facts->switch_latency);
  if (joins && !f.has("network"))
    spec.defaults_used.push_back("cluster.fabric.network = any (efficiency, latency and switch_latency)");
}

void read_tree(Fields& f, ClusterSpec& spec) {
  FabricSpec& fabric = spec.fabric;
  const auto radix = f.count("leaf_radix", 2, 65'536), pod = f.count("pod_gpus", 1, 1 << 22);
  fabric.leaf_radix = static_cast<int>(radix.value_or(fabric.leaf_radix));
  fabric.oversubscription = f.number("oversubscription", 0.01, 1000).value_or(1);
  fabric.pod_gpus = static_cast<int>(pod.value_or(0));
  fabric.pod_oversubscription = f.number("pod_oversubscription", 0.01, 1000).value_or(1);
  const bool tree = is_tree(fabric.kind);
  if (tree && !f.has("leaf_radix"))
    spec.defaults_used.push_back("cluster.fabric.leaf_radix = " + std::to_string(fabric.leaf_radix));
  if (tree && !f.has("oversubscription")) spec.defaults_used.push_back("cluster.fabric.oversubscription = 1");
  const bool accepted = f.has("kind") && f.node("kind")->text == fabric.kind;
  if (accepted && !tree)
    for (std::string_view key : {"leaf_radix", "oversubscription", "pod_gpus", "pod_oversubscription"})
      refuse_idle(f, key);
  if (f.has("pod_oversubscription") && !f.has("pod_gpus") && fabric.kind != "dragonfly")
    f.fail("pod_oversubscription", "'pod_oversubscription' needs 'pod_gpus', the size of a pod");
  if (pod && *pod % spec.physical_gpus_per_node != 0)
    f.fail("pod_gpus", "pod_gpus = " + std::to_string(*pod) + " does not hold whole nodes of " +
                           std::to_string(spec.physical_gpus_per_node));
}

bool routes(std::string_view kind, std::string_view routing) {
  if (routing == "balanced") return true;
  if (kind == "torus" || kind == "listed") return routing == "deterministic";  // what balanced is there
  if (kind == "dragonfly") return routing == "adaptive";
  return is_tree(kind);
}

void read_routing(Fields& f, ClusterSpec& spec) {
  FabricSpec& fabric = spec.fabric;
  fabric.routing = f.choice("routing", {"balanced", "deterministic", "ecmp", "adaptive"}).value_or("balanced");
  const bool one_way = is_one_of(fabric.kind, {"none", "single-switch", "rail-only", "nvl-domain"});
  if (one_way && fabric.routing != "balanced") {
    refuse_idle(f, "routing");
    fabric.routing = "balanced";
  } else if (!routes(fabric.kind, fabric.routing)) {
    f.fail("routing",
           "'cluster.fabric.routing: " + fabric.routing + "' is not supported yet for 'kind: " + fabric.kind + "'",
           Fault::unsupported);
  }
  fabric.queue_pairs = static_cast<int>(f.count("queue_pairs", 1, 16).value_or(1));
  if (fabric.queue_pairs > 1 && fabric.routing != "ecmp")
    f.fail("queue_pairs", "'cluster.fabric.queue_pairs: " + std::to_string(fabric.queue_pairs) +
                              "' means nothing beside 'routing: " + fabric.routing +
                              "'; queue pairs are hashed for themselves by ecmp");
}

// A file that describes one node leaves open how several are joined.
void need_kind(Fields& f, const ClusterSpec& spec) {
  if (!f.has("file")) return f.require({"kind"});
  if (spec.gpus() > spec.domain_gpus())
    f.fail("file", "'" + f.node("file")->text + "' describes one node; write cluster.fabric.kind to say how " +
                       std::to_string(spec.nodes) + " of them are joined");
}

// The file says what hangs on what; rates and latencies that it leaves out are read here.
void read_listed(Fields& f, const LinkFacts& links, ClusterSpec& spec) {
  spec.fabric.kind = "listed";
  for (std::string_view key :
       {"kind", "leaf_radix", "oversubscription", "pod_gpus", "pod_oversubscription", "dimensions"})
    if (f.node(key))
      f.fail(key, "'cluster.fabric." + std::string(key) + "' means nothing beside a file of the network");
  read_link(f, links, spec);
  read_routing(f, spec);
  const auto listed = static_cast<int>(spec.fabric.listed->nodes.size());
  if (spec.nodes > listed)
    f.fail("file", "'" + f.node("file")->text + "' lists " + std::to_string(listed) + " nodes, but the cluster has " +
                       std::to_string(spec.nodes));
  if (spec.ideal) f.fail("file", "a file of the network beside free links");
  f.finish();
}

void join_one_domain(Fields& f, ClusterSpec& spec) {
  if (spec.scale_up.kind != "nvswitch")
    f.fail("kind",
           "'cluster.fabric.kind: nvl-domain' joins nodes by NVSwitches, but 'scale_up.kind' is " + spec.scale_up.kind);
  spec.nvlink_domain = spec.gpus();
}

}  // namespace

void read_fabric(Fields& cluster, const LinkFacts& links, Errors& errors, ClusterSpec& spec) {
  const Node* node = cluster.node("fabric");
  spec.fabric.kind = "none";
  if (!node) {
    if (spec.gpus() > spec.domain_gpus() && !spec.ideal)
      cluster.fail("fabric", "'cluster' needs 'fabric': how " + std::to_string(spec.nodes) + " nodes are joined");
    return;
  }
  Fields f(*node, "cluster.fabric", errors);
  f.node("file");  // lies below this mapping already
  FabricSpec& fabric = spec.fabric;
  if (fabric.listed) return read_listed(f, links, spec);
  if (!f.has("kind")) need_kind(f, spec);
  if (auto kind = f.choice("kind", {"none", "single-switch", "fat-tree", "rail-optimized", "rail-only", "multi-plane",
                                    "dragonfly", "torus", "nvl-domain"}))
    fabric.kind = *kind;
  read_link(f, links, spec);
  read_tree(f, spec);
  read_routing(f, spec);
  f.node("dimensions");
  if (fabric.kind == "torus")
    fabric.dimensions = read_dimensions(f, spec.nodes, "nodes");
  else
    refuse_idle(f, "dimensions");
  if (fabric.kind == "nvl-domain") join_one_domain(f, spec);
  if (spec.ideal && fabric.kind != "none")
    f.fail("kind", "'cluster.fabric.kind: " + fabric.kind + "' beside free links; write none");
  f.finish();
}

}  // namespace orrery::topology
