#include "topology/read/parts/parts.h"
#include "topology/read/parts/plausible.h"
#include "topology/read/parts/size.h"

namespace orrery::topology {
namespace {

BytesPerSecond usable_share(const NvlinkFacts* facts, const LinkFacts& links, BytesPerSecond bandwidth) {
  if (!facts && links.scale_up.empty()) return bandwidth;
  const NvlinkFacts& share = facts ? *facts : links.scale_up.back();
  const Int128 product = Int128{bandwidth.n} * share.usable.n;
  return {std::max<std::int64_t>(1, static_cast<std::int64_t>(product / share.bandwidth.n))};
}

// The usable share is that of the generation, so that it follows a bandwidth that somebody overrides.
void read_rates(Fields& f, const NvlinkFacts* facts, const LinkFacts& links, ClusterSpec& spec) {
  ScaleUpSpec& scale_up = spec.scale_up;
  const std::optional<BytesPerSecond> bandwidth = f.bandwidth("bandwidth");
  const std::optional<BytesPerSecond> usable = f.bandwidth("usable");
  if (spec.ideal || scale_up.kind == "pcie") {
    for (std::string_view key : {"generation", "bandwidth", "usable"}) refuse_idle(f, key);
    return;
  }
  if (!f.has("bandwidth") && !f.has("generation")) f.fail("", "'cluster.scale_up' needs 'bandwidth' or 'generation'");
  if (bandwidth) check_scale_up(f, *bandwidth, facts ? facts->bandwidth : BytesPerSecond{});
  scale_up.bandwidth = bandwidth.value_or(facts ? facts->bandwidth : BytesPerSecond{1});
  scale_up.usable = usable.value_or(usable_share(facts, links, scale_up.bandwidth));
  if (usable && usable->n < 1) f.fail("usable", "'usable' is 0: a link that carries nothing");
  if (usable && *usable > scale_up.bandwidth)
    f.fail("usable",
           "'usable' is " + in_bytes(*usable) + ", more than the bandwidth of " + in_bytes(scale_up.bandwidth));
  if (!usable && !facts && bandwidth)
    spec.defaults_used.push_back("cluster.scale_up.usable = " + in_bytes(scale_up.usable) + " (NVLink's usual share)");
}

// `wires: {0-1: 1, 0-3: 2}`: NVLinks between two GPUs of a physical node.
void read_wires(Fields& f, Errors& errors, ClusterSpec& spec) {
  const Node* node = f.node("wires");
  if (!node) return;
  Fields wires(*node, f.name() + ".wires", errors);
  for (const Node::Entry& entry : node->entries) {
    const std::optional<std::int64_t> links = wires.count(entry.key, 1, 64);
    const std::size_t dash = entry.key.find('-');
    const Result<std::int64_t> a = parse_count(entry.key.substr(0, dash), entry.key_where);
    const Result<std::int64_t> b =
        parse_count(dash == std::string::npos ? "" : entry.key.substr(dash + 1), entry.key_where);
    const int gpus = spec.physical_gpus_per_node;
    if (!a || !b || *a < 0 || *b < 0 || *a >= gpus || *b >= gpus || *a == *b) {
      errors.push_back({entry.key_where, "'" + entry.key.substr(0, 40) + "' does not name two of the " +
                                             std::to_string(gpus) + " GPUs of a node, as 0-3 does"});
    } else if (links) {
      spec.scale_up.wires.push_back({static_cast<int>(*a), static_cast<int>(*b), static_cast<int>(*links)});
    }
  }
  wires.finish();
}

void read_switches(Fields& f, ClusterSpec& spec) {
  ScaleUpSpec& scale_up = spec.scale_up;
  const auto switches = f.count("switches", 1, 100'000), planes = f.count("planes", 1, 64);
  if (scale_up.kind != "nvswitch") {
    for (std::string_view key : {"switches", "planes", "domain", "partial_domain"}) refuse_idle(f, key);
    return;
  }
  scale_up.switches = static_cast<int>(switches.value_or(1));
  scale_up.planes = static_cast<int>(planes.value_or(1));
  if (scale_up.switches % scale_up.planes != 0 || spec.physical_gpus_per_node % scale_up.planes != 0)
    f.fail("planes", "'planes' is " + std::to_string(scale_up.planes) + ", which does not divide " +
                         std::to_string(scale_up.switches) + " switches and " +
                         std::to_string(spec.physical_gpus_per_node) + " GPUs of a node");
}

void read_torus(Fields& f, ClusterSpec& spec) {
  const auto wrap = f.count("wrap_multiple", 1, 1 << 20);
  if (spec.scale_up.kind != "torus") {
    f.node("dimensions");
    for (std::string_view key : {"dimensions", "wrap_multiple"}) refuse_idle(f, key);
    return;
  }
  spec.scale_up.dimensions = read_dimensions(f, spec.gpus(), "GPUs");
  spec.scale_up.wrap_multiple = static_cast<int>(wrap.value_or(1));
  spec.nvlink_domain = spec.gpus();
}

}  // namespace

void read_scale_up(Fields& cluster, const LinkFacts& links, Errors& errors, ClusterSpec& spec) {
  const Node* node = cluster.node("scale_up");
  if (!node) {
    if (spec.gpus_per_node > 1)
      cluster.fail("scale_up", "'cluster' needs 'scale_up': how the GPUs of a node are joined");
    return;
  }
  Fields f(*node, "cluster.scale_up", errors);
  f.require({"kind"});
  ScaleUpSpec& scale_up = spec.scale_up;
  if (auto kind = f.choice("kind", {"nvswitch", "mesh", "cube-mesh", "torus", "pcie", "ideal"})) scale_up.kind = *kind;
  const NvlinkFacts* facts = named(f, "generation", links.scale_up);
  if (facts) scale_up.generation = facts->name;
  read_rates(f, facts, links, spec);
  scale_up.in_network_reduction =
      f.flag("in_network_reduction").value_or(facts && facts->in_network_reduction && scale_up.kind == "nvswitch");
  if (scale_up.in_network_reduction && scale_up.kind != "nvswitch") refuse_idle(f, "in_network_reduction");
  read_wires(f, errors, spec);
  if (scale_up.kind == "cube-mesh" && spec.scale_up.wires.empty())
    f.fail("", "'cluster.scale_up' of kind cube-mesh needs 'wires', the NVLinks between GPUs: {0-1: 1, 0-3: 2, …}");
  if (scale_up.kind != "cube-mesh") refuse_idle(f, "wires");
  read_switches(f, spec);
  if (scale_up.kind == "nvswitch")
    read_domain(f, spec);
  else
    f.node("domain"), f.node("partial_domain");
  read_torus(f, spec);
  f.finish();
}

}  // namespace orrery::topology
