#include <algorithm>

#include "sim/base/fields.h"
#include "topology/build/wiring.h"
#include "topology/catalogue.h"
#include "topology/read/from_file.h"
#include "topology/read/links.h"
#include "topology/read/parts.h"
#include "topology/read/preset.h"
#include "topology/read/size.h"

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
    f.unsupported("groups");
    f.require({"gpu"});
    if (const Node* gpu = f.node("gpu")) read_the_gpu(*gpu);
    spec_.ideal = is_ideal(f.node("scale_up"));
    spec_.nccl = f.text("nccl").value_or("");
    read_size(f, preset_, spec_);
    read_scale_up(f, links_, errors_, spec_);
    read_host(f, links_, errors_, spec_);
    read_fabric(f, links_, errors_, spec_);
    read_faults(f, errors_, spec_);
    f.finish();
    return std::move(spec_);
  }

 private:
  static bool is_ideal(const Node* scale_up) {
    const Node* kind = scale_up ? scale_up->find("kind") : nullptr;
    return kind && kind->text == "ideal";
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

  const Node& node_;
  const Node* preset_;
  const SearchPath& path_;
  const LinkFacts& links_;
  Errors& errors_;
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
  if (!errors.empty()) return errors;
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
