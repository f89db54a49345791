#include <algorithm>

#include "sim/base/fields.h"
#include "sim/base/suggest.h"
#include "topology/build/wiring.h"
#include "topology/catalogue.h"
#include "topology/read/links.h"
#include "topology/read/plausible.h"
#include "topology/read/preset.h"
#include "topology/read/size.h"

namespace orrery::topology {
namespace {

constexpr const char* kFolder = "hardware/clusters";

using Names = std::initializer_list<std::string_view>;

// What the contract names, and which of it is built.
const Names kScaleUpKinds = {"nvswitch", "ideal", "cube-mesh", "torus", "pcie"};
const Names kScaleUpBuilt = {"nvswitch", "ideal"};
const Names kFabricKinds = {"none",        "single-switch", "fat-tree", "rail-optimized", "rail-only",
                            "multi-plane", "dragonfly",     "torus",    "nvl-domain"};
const Names kFabricBuilt = {"none", "single-switch", "fat-tree", "rail-optimized"};
const Names kRoutings = {"balanced", "deterministic", "ecmp", "adaptive"};
const Names kRoutingBuilt = {"balanced"};

// A value that the contract knows. What is not built yet is refused by key.
std::optional<std::string> built(Fields& f, std::string_view key, Names known, Names ready) {
  std::optional<std::string> value = f.choice(key, known);
  if (!value || std::find(ready.begin(), ready.end(), *value) != ready.end()) return value;
  std::string list;
  for (std::string_view name : ready) list += (list.empty() ? "" : ", ") + std::string(name);
  f.fail(key, "'" + f.name() + "." + std::string(key) + ": " + *value + "' is not supported yet; supported: " + list,
         Fault::unsupported);
  return std::nullopt;
}

// A key that its neighbour `kind` gives no meaning is not taken in silence. One
// that a preset left behind is: whoever changed `kind` did not write it.
void refuse_idle(Fields& f, std::string_view key) {
  if (!f.has(key) || !f.has("kind") || f.at(key).file != f.at("kind").file) return;
  const Node* kind = f.node("kind");
  f.fail(key, "'" + f.name() + "." + std::string(key) + "' means nothing beside 'kind: " + kind->text + "'");
}

// Reads one cluster; its parts share the spec, the facts about links and the list of faults.
class ClusterReader {
 public:
  ClusterReader(const Node& node, const Node* preset, const SearchPath& path, const LinkFacts& links, Errors& errors)
      : node_(node), preset_(preset), path_(path), links_(links), errors_(errors) {}

  ClusterSpec read(std::string name) {
    spec_.name = std::move(name);
    Fields f(node_, "cluster", errors_);
    f.unsupported("faults");
    f.unsupported("groups");
    f.require({"gpu"});
    if (const Node* gpu = f.node("gpu")) read_the_gpu(*gpu);
    spec_.ideal = is_ideal(f.node("scale_up"));
    read_size(f, preset_, spec_);
    read_scale_up(f);
    read_host(f);
    read_fabric(f);
    f.finish();
    return std::move(spec_);
  }

 private:
  static bool is_ideal(const Node* scale_up) {
    const Node* kind = scale_up ? scale_up->find("kind") : nullptr;
    return kind && kind->text == "ideal";
  }

  void defaulted(const std::string& what) { spec_.defaults_used.push_back("cluster." + what); }

  void read_the_gpu(const Node& node) {
    Result<GpuSpec> gpu = read_gpu(node, path_);
    if (!gpu) {
      errors_.insert(errors_.end(), gpu.errors().begin(), gpu.errors().end());
      return;
    }
    spec_.gpu = std::move(*gpu);
    if (!spec_.gpu.fitted)
      spec_.assumptions.push_back("gpu '" + spec_.gpu.name + "': kernels are timed by the curves of " +
                                  spec_.gpu.transferred_from);
  }

  void read_scale_up(Fields& cluster) {
    const Node* node = cluster.node("scale_up");
    if (!node) {
      if (spec_.gpus_per_node > 1)
        cluster.fail("scale_up", "'cluster' needs 'scale_up': how the GPUs of a node are joined");
      return;
    }
    Fields f(*node, "cluster.scale_up", errors_);
    f.require({"kind"});
    ScaleUpSpec& scale_up = spec_.scale_up;
    if (auto kind = built(f, "kind", kScaleUpKinds, kScaleUpBuilt)) scale_up.kind = *kind;
    const NvlinkFacts* facts = named(f, "generation", links_.scale_up);
    if (facts) scale_up.generation = facts->name;
    scale_up.switches = static_cast<int>(f.count("switches", 0, 100'000).value_or(0));
    read_scale_up_rates(f, facts);
    scale_up.in_network_reduction =
        f.flag("in_network_reduction").value_or(facts && facts->in_network_reduction && scale_up.kind == "nvswitch");
    read_domain(f, spec_);
    f.finish();
  }

  // The usable share is that of the generation, so that it follows a bandwidth that somebody overrides.
  void read_scale_up_rates(Fields& f, const NvlinkFacts* facts) {
    ScaleUpSpec& scale_up = spec_.scale_up;
    const std::optional<BytesPerSecond> bandwidth = f.bandwidth("bandwidth");
    const std::optional<BytesPerSecond> usable = f.bandwidth("usable");
    if (spec_.ideal) {
      for (std::string_view key : {"bandwidth", "usable"}) refuse_idle(f, key);
      return;
    }
    if (!f.has("bandwidth") && !f.has("generation")) f.fail("", "'cluster.scale_up' needs 'bandwidth' or 'generation'");
    if (bandwidth) check_scale_up(f, *bandwidth, facts ? facts->bandwidth : BytesPerSecond{});
    scale_up.bandwidth = bandwidth.value_or(facts ? facts->bandwidth : BytesPerSecond{1});
    scale_up.usable = usable.value_or(usable_share(facts));
    if (usable && *usable > scale_up.bandwidth)
      f.fail("usable",
             "'usable' is " + in_bytes(*usable) + ", more than the bandwidth of " + in_bytes(scale_up.bandwidth));
    if (!usable && !facts && bandwidth)
      defaulted("scale_up.usable = " + in_bytes(scale_up.usable) + " (NVLink's usual share)");
  }

  BytesPerSecond usable_share(const NvlinkFacts* facts) const {
    if (!facts && links_.scale_up.empty()) return spec_.scale_up.bandwidth;
    const NvlinkFacts& share = facts ? *facts : links_.scale_up.back();
    const Int128 product = Int128{spec_.scale_up.bandwidth.n} * share.usable.n;
    return {std::max<std::int64_t>(1, static_cast<std::int64_t>(product / share.bandwidth.n))};
  }

  void read_host(Fields& cluster) {
    static const Node nobody = [] {
      Node map;
      map.kind = Node::Kind::map;
      return map;
    }();
    const Node* node = cluster.node("host");
    Fields f(node ? *node : nobody, "cluster.host", errors_);
    HostSpec& host = spec_.host;
    const PcieFacts* facts = named(f, "pcie", links_.pcie);
    if (!facts) facts = usual(links_.pcie, host.pcie);
    if (facts) host.pcie = facts->name;
    host.pcie_bandwidth = f.bandwidth("pcie_bandwidth").value_or(facts ? facts->usable : BytesPerSecond{});
    host.memory_bandwidth = f.bandwidth("memory_bandwidth").value_or(facts ? facts->memory : BytesPerSecond{});
    host.disk_bandwidth = f.bandwidth("disk_bandwidth").value_or(facts ? facts->disk : BytesPerSecond{});
    host.nics = static_cast<int>(f.count("nics", 0, 1024).value_or(spec_.physical_gpus_per_node));
    host.numa = static_cast<int>(f.count("numa", 1, 1024).value_or(2));
    spec_.cpu_vendor = f.choice("cpu", {"intel", "amd", "arm"}).value_or(spec_.cpu_vendor);
    if (!spec_.ideal) list_host_defaults(f);
    f.finish();
  }

  void list_host_defaults(const Fields& f) {
    const HostSpec& host = spec_.host;
    if (!f.has("pcie")) defaulted("host.pcie = " + host.pcie);
    if (!f.has("nics")) defaulted("host.nics = " + std::to_string(host.nics) + " (one a GPU)");
    if (!f.has("numa")) defaulted("host.numa = " + std::to_string(host.numa));
    if (!f.has("cpu")) defaulted("host.cpu = " + spec_.cpu_vendor);
  }

  template <class Row>
  static const Row* usual(const std::vector<Row>& rows, std::string_view name) {
    const auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.name == name; });
    return row == rows.end() ? nullptr : &*row;
  }

  void read_fabric(Fields& cluster) {
    const Node* node = cluster.node("fabric");
    spec_.fabric.kind = "none";
    if (!node) {
      if (spec_.gpus() > spec_.domain_gpus() && !spec_.ideal)
        cluster.fail("fabric", "'cluster' needs 'fabric': how " + std::to_string(spec_.nodes) + " nodes are joined");
      return;
    }
    Fields f(*node, "cluster.fabric", errors_);
    f.unsupported("file");
    if (!f.has("file")) f.require({"kind"});
    if (auto kind = built(f, "kind", kFabricKinds, kFabricBuilt)) spec_.fabric.kind = *kind;
    read_fabric_link(f);
    read_fabric_shape(f);
    refuse_unbuilt(f);
    if (spec_.ideal && spec_.fabric.kind != "none")
      f.fail("kind", "'cluster.fabric.kind: " + spec_.fabric.kind + "' beside free links; write none");
    f.finish();
  }

  void read_fabric_link(Fields& f) {
    FabricSpec& fabric = spec_.fabric;
    const std::optional<BytesPerSecond> link = f.bandwidth("link");
    if (link) check_nic(f, *link);
    fabric.link = link.value_or(BytesPerSecond{});
    const bool joins = fabric.kind != "none";  // nor does a refused kind ask for more
    if (joins && !f.has("link")) f.fail("", "'cluster.fabric' needs 'link', the rate of a NIC port");
    const NetworkFacts* facts = named(f, "network", links_.network);
    if (!facts) facts = usual(links_.network, "any");
    const NetworkFacts any;
    if (!facts) facts = &any;
    fabric.efficiency = f.number("efficiency", 0.01, 1).value_or(facts->efficiency);
    fabric.latency = f.duration("latency").value_or(facts->latency);
    fabric.switch_latency = f.duration("switch_latency").value_or(facts->switch_latency);
    if (joins && !f.has("network")) defaulted("fabric.network = any (efficiency, latency and switch_latency)");
  }

  void read_fabric_shape(Fields& f) {
    FabricSpec& fabric = spec_.fabric;
    const auto radix = f.count("leaf_radix", 2, 65'536), pod = f.count("pod_gpus", 1, 1 << 22);
    fabric.leaf_radix = static_cast<int>(radix.value_or(fabric.leaf_radix));
    fabric.oversubscription = f.number("oversubscription", 0.01, 1000).value_or(1);
    fabric.pod_gpus = static_cast<int>(pod.value_or(0));
    fabric.pod_oversubscription = f.number("pod_oversubscription", 0.01, 1000).value_or(1);
    const bool tree = fabric.kind == "fat-tree" || fabric.kind == "rail-optimized";
    if (tree && !f.has("leaf_radix")) defaulted("fabric.leaf_radix = " + std::to_string(fabric.leaf_radix));
    if (tree && !f.has("oversubscription")) defaulted("fabric.oversubscription = 1");
    const bool accepted = f.has("kind") && f.node("kind")->text == fabric.kind;
    if (accepted && !tree)
      for (std::string_view key : {"leaf_radix", "oversubscription", "pod_gpus", "pod_oversubscription"})
        refuse_idle(f, key);
    if (f.has("pod_oversubscription") && !f.has("pod_gpus"))
      f.fail("pod_oversubscription", "'pod_oversubscription' needs 'pod_gpus', the size of a pod");
    if (pod && *pod % spec_.physical_gpus_per_node != 0)
      f.fail("pod_gpus", "pod_gpus = " + std::to_string(*pod) + " does not hold whole nodes of " +
                             std::to_string(spec_.physical_gpus_per_node));
  }

  void refuse_unbuilt(Fields& f) {
    if (auto routing = built(f, "routing", kRoutings, kRoutingBuilt)) spec_.fabric.routing = *routing;
    if (f.flag("sharp").value_or(false))
      f.fail("sharp", "'cluster.fabric.sharp: true' is not supported yet", Fault::unsupported);
    if (const auto pairs = f.count("queue_pairs", 1, 1024); pairs && *pairs != 1)
      f.fail("queue_pairs", "'cluster.fabric.queue_pairs: " + std::to_string(*pairs) + "' is not supported yet",
             Fault::unsupported);
  }

  const Node& node_;
  const Node* preset_;
  const SearchPath& path_;
  const LinkFacts& links_;
  Errors& errors_;
  ClusterSpec spec_;
};

// The scenario's own mapping, and the preset below it if there is one.
struct Source {
  std::optional<Node> preset;
  Node whole;
};

std::optional<Source> load(const Node& node, const SearchPath& path, Errors& errors) {
  const Node* name = node.is_scalar() ? &node : node.find("preset");
  if (!name || name->is_null()) return Source{std::nullopt, node};
  Source source;
  source.preset = resolve(*name, kFolder, path, errors);
  if (!source.preset) return std::nullopt;
  Node changes = node;
  if (node.is_scalar()) {
    changes = Node();
    changes.kind = Node::Kind::map;
    changes.where = node.where;
  }
  std::erase_if(changes.entries, [](const Node::Entry& entry) { return entry.key == "preset"; });
  source.whole = overlay(*source.preset, changes);
  return source;
}

}  // namespace

Result<ClusterSpec> read_cluster(const Node& node, const SearchPath& path) {
  if (!node.is_scalar() && !node.is_map())
    return Error{node.where, "'cluster' must be a preset's name or a mapping, but is " + std::string(describe(node))};
  const Result<LinkFacts> links = read_links(path);
  if (!links) return links.errors();
  Errors errors;
  const std::optional<Source> source = load(node, path, errors);
  if (!source) return errors;
  std::string name = preset_name(node);
  if (name.empty()) name = "custom";
  ClusterReader reader(source->whole, source->preset ? &*source->preset : nullptr, path, *links, errors);
  ClusterSpec spec = reader.read(std::move(name));
  if (!errors.empty()) return errors;
  const Result<Wiring> wiring = wire(spec);
  if (!wiring) return Error{node.where, wiring.errors().front().what, wiring.errors().front().fault};
  if (wiring->larger_core)
    spec.assumptions.push_back("cluster '" + spec.name + "': three levels of switches with " +
                               std::to_string(spec.fabric.leaf_radix) + " ports do not join " +
                               std::to_string(spec.nodes) + " nodes, so larger core switches are assumed");
  return spec;
}

}  // namespace orrery::topology
