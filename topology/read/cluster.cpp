#include <algorithm>

#include "sim/base/read/fields.h"
#include "topology/build/wiring.h"
#include "topology/catalogue.h"
#include "topology/read/from_file.h"
#include "topology/read/groups.h"
#include "topology/read/parts/links.h"
#include "topology/read/parts/parts.h"
#include "topology/read/parts/plausible.h"
#include "topology/read/parts/size.h"
#include "topology/read/preset.h"

namespace orrery::topology {
namespace {

constexpr const char* kFolder = "hardware/clusters";

// Reads one cluster; its parts share the spec, the facts about links and the list of faults.
class ClusterReader {
 public:
  ClusterReader(const Node& node, const Node* preset, const SearchPath& path, const LinkFacts& links, Errors& errors)
      : node_(node), preset_(preset), path_(path), links_(links), errors_(errors) {}

  // `file`: what the fabric's file describes, or null.
  ClusterSpec read(std::string name, const FabricFile* file) {
    spec_.name = std::move(name);
    if (file) spec_.assumptions = file->node.assumptions;
    if (file && file->network) spec_.fabric.listed = std::make_shared<const ListedFabric>(*file->network);
    Fields f(node_, "cluster", errors_);
    const Node* groups = f.node("groups");
    if (groups)
      read_groups(f, *groups);
    else
      read_nodes(f);
    read_nccl(f, errors_, spec_);
    read_fabric(f, links_, errors_, spec_);
    if (groups) join_groups(f);
    read_faults(f, errors_, spec_);
    f.finish();
    return std::move(spec_);
  }

 private:
  static bool is_ideal(const Node* scale_up) {
    const Node* kind = scale_up ? scale_up->find("kind") : nullptr;
    return kind && kind->text == "ideal";
  }

  // How many nodes there are, and what each is.
  void read_nodes(Fields& f) {
    f.require({"gpu"});
    if (const Node* gpu = f.node("gpu")) read_the_gpu(*gpu);
    spec_.ideal = is_ideal(f.node("scale_up"));
    read_size(f, preset_, spec_);
    read_scale_up(f, links_, errors_, spec_);
    read_host(f, links_, errors_, spec_);
  }

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

  // One group, as a cluster of its nodes alone. A group that names no `link` has none yet.
  ClusterSpec read_group(std::string name) {
    spec_.name = std::move(name);
    Fields f(node_, "cluster.groups", errors_);
    for (const char* key : {"fabric", "faults", "nccl", "groups"}) f.unsupported(key);
    read_nodes(f);
    spec_.fabric.link = f.bandwidth("link").value_or(BytesPerSecond{});
    if (f.has("link")) check_nic(f, spec_.fabric.link, "link");
    f.finish();
    return std::move(spec_);
  }

  // What the cluster itself says of nodes lies below every group, and is read there.
  void read_groups(Fields& f, const Node& list) {
    for (const char* key : {"gpu", "gpus_per_node", "nodes", "gpus", "scale_up", "host"}) f.node(key);
    if (!list.is_list() || list.items.empty() || list.items.size() > kMostGroups)
      return f.fail("groups", "'cluster.groups' must be a list of 1 to " + std::to_string(kMostGroups) +
                                  " groups, as in [{gpu: a100-sxm-80gb, nodes: 16}, {gpu: h100-sxm-80gb, nodes: 16}]");
    std::vector<ClusterSpec> alone;
    for (const Node& item : list.items) {
      const std::optional<GroupSource> source = group_source(node_, item, path_, errors_);
      if (!source) continue;
      ClusterReader reader(source->whole, source->preset ? &*source->preset : preset_, path_, links_, errors_);
      alone.push_back(reader.read_group(spec_.name));
      check_group(alone.front(), alone.back(), item.where, errors_);
      group_places_.push_back(item.where);
    }
    if (alone.empty()) return;
    take_groups(alone);
    check_size(f);
  }

  void take_groups(std::vector<ClusterSpec>& alone) {
    const FabricSpec fabric = spec_.fabric;
    std::vector<std::string> assumptions = spec_.assumptions, defaults;
    std::vector<NodeGroup> groups;
    std::int64_t nodes = 0;
    const auto add_new = [](std::vector<std::string>& to, const std::vector<std::string>& from) {
      for (const std::string& line : from)
        if (std::find(to.begin(), to.end(), line) == to.end()) to.push_back(line);
    };
    for (ClusterSpec& group : alone) {
      nodes += group.nodes;
      groups.push_back({group.nodes, group.gpu, group.scale_up, group.host, group.cpu_vendor, group.fabric.link});
      add_new(assumptions, group.assumptions);
      add_new(defaults, group.defaults_used);
    }
    spec_ = std::move(alone.front());
    spec_.fabric = fabric;
    spec_.nodes = static_cast<int>(std::min<std::int64_t>(nodes, INT32_MAX));
    spec_.groups = std::move(groups);
    spec_.assumptions = std::move(assumptions);
    spec_.defaults_used = std::move(defaults);
    spec_.nvlink_domain = 0;
  }

  // `nodes` and `gpus` beside groups only repeat what those add up to.
  void check_size(Fields& f) {
    const std::int64_t nodes = spec_.nodes, gpus = nodes * spec_.gpus_per_node;
    for (const auto& [key, sum] : {std::pair("nodes", nodes), std::pair("gpus", gpus)})
      if (const std::optional<std::int64_t> told = f.count(key, 1); told && *told != sum)
        f.fail(key, std::string(key) + " = " + std::to_string(*told) + ", but the groups have " + std::to_string(sum));
    if (!check_most_gpus(f, "groups", spec_)) spec_.nodes = 1;
  }

  // A group's NICs are the fabric's where it says nothing else.
  void join_groups(Fields& f) {
    if (spec_.fabric.listed || spec_.fabric.kind == "nvl-domain")
      f.fail("groups",
             "'cluster.groups' beside " +
                 std::string(spec_.fabric.listed ? "a file of the network" : "'fabric.kind: nvl-domain'") +
                 " is not supported yet",
             Fault::unsupported);
    for (std::size_t i = 0; i < spec_.groups.size(); ++i) {
      BytesPerSecond& link = spec_.groups[i].link;
      if (link.n == 0) link = spec_.fabric.link;
      if (link > spec_.fabric.link && spec_.fabric.link.n > 0)
        errors_.push_back({group_places_[i], "a group's NICs of " + in_bits(link) + " on ports of " +
                                                 in_bits(spec_.fabric.link) + " (cluster.fabric.link)"});
    }
  }

  const Node& node_;
  const Node* preset_;
  const SearchPath& path_;
  const LinkFacts& links_;
  Errors& errors_;
  std::vector<Where> group_places_;
  ClusterSpec spec_;
};

// The scenario's own mapping, the preset below it if there is one, and a file's layer between them.
struct Source {
  std::optional<Node> preset;
  Node whole;
  std::optional<FileLayer> layer;
};

// What the scenario itself says besides the preset's name.
Node without_preset(const Node& node) {
  Node changes = node;
  if (node.is_scalar()) {
    changes = Node();
    changes.kind = Node::Kind::map;
    changes.where = node.where;
  }
  std::erase_if(changes.entries, [](const Node::Entry& entry) { return entry.key == "preset"; });
  return changes;
}

std::optional<Source> load(const Node& node, const SearchPath& path, Errors& errors) {
  const Node* name = node.is_scalar() ? &node : node.find("preset");
  if (!name || name->is_null()) return Source{std::nullopt, node, std::nullopt};
  Source source;
  source.preset = resolve(*name, kFolder, path, errors);
  if (!source.preset) return std::nullopt;
  source.whole = overlay(*source.preset, without_preset(node));
  return source;
}

// Puts the file that the fabric names below what the scenario itself says.
void lay_file(Source& source, const Node& scenario, const LinkFacts& links, const SearchPath& path, Errors& errors) {
  source.layer =
      read_file_layer(source.whole, source.preset ? &*source.preset : nullptr, scenario, links, path, errors);
  if (!source.layer) return;
  source.preset = source.layer->base;
  source.whole = overlay(source.layer->base, without_preset(scenario));
  check_gaps(*source.layer, source.whole, errors);
}

// What every group takes from the cluster is read, and refused, once for each.
Errors each_once(Errors errors) {
  Errors kept;
  for (Error& error : errors) {
    const auto same = [&](const Error& e) { return e.where == error.where && e.what == error.what; };
    if (std::none_of(kept.begin(), kept.end(), same)) kept.push_back(std::move(error));
  }
  return kept;
}

}  // namespace

Result<ClusterSpec> read_cluster(const Node& node, const SearchPath& path) {
  if (!node.is_scalar() && !node.is_map())
    return Error{node.where, "'cluster' must be a preset's name or a mapping, but is " + std::string(describe(node))};
  const Result<LinkFacts> links = read_links(path);
  if (!links) return links.errors();
  Errors errors;
  std::optional<Source> source = load(node, path, errors);
  if (source) lay_file(*source, node, *links, path, errors);
  if (!source || !errors.empty()) return errors;
  std::string name = preset_name(node);
  if (name.empty()) name = "custom";
  ClusterReader reader(source->whole, source->preset ? &*source->preset : nullptr, path, *links, errors);
  ClusterSpec spec = reader.read(std::move(name), source->layer ? &source->layer->file : nullptr);
  if (!errors.empty()) return each_once(std::move(errors));
  const Result<Wiring> wiring = wire(spec);
  if (!wiring) {
    const Error& fault = wiring.errors().front();
    return Error{fault.where.line > 0 ? fault.where : node.where, fault.what, fault.fault};
  }
  if (!spec.faults.empty())  // names of links are only known to the whole
    if (const Result<Fabric> fabric = Fabric::build(spec); !fabric) return fabric.errors();
  if (wiring->larger_core)
    spec.assumptions.push_back("cluster '" + spec.name + "': three levels of switches with " +
                               std::to_string(spec.fabric.leaf_radix) + " ports do not join " +
                               std::to_string(spec.nodes) + " nodes, so larger core switches are assumed");
  return spec;
}

}  // namespace orrery::topology
