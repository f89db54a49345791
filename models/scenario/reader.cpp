#include "models/scenario/reader.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <tuple>

#include "models/collectives/facts.h"
#include "models/scenario/reading.h"
#include "sim/base/read/document.h"
#include "topology/catalogue.h"

namespace orrery::models {
namespace {

namespace fs = std::filesystem;

const Node* written(const Node& root, std::string_view key) {
  const Node* node = root.find(key);
  return node && !node->is_null() ? node : nullptr;
}

// The stack of today for the kind of layout (contract, section 6).
Node software_of_today(Reading& reading, const Node& root) {
  const Node* layout = written(root, "layout");
  Node name;
  name.kind = Node::Kind::scalar;
  name.text = layout && layout->find("fsdp") ? "torchtitan-2025" : "megatron-core-2025";
  name.where = root.where;
  reading.defaulted("software", name.text);
  return name;
}

std::string gradients_of(const Node& tree) {
  const Node* training = tree.find("training");
  const Node* gradients = training ? training->find("gradients") : nullptr;
  return gradients ? gradients->text : std::string();
}

// What gradients are reduced in is a habit of the stack's own gradients: who asks for 16 bits where it has 32 asks for
// both, as Megatron-LM's option and FSDP's reduce_dtype are one.
void settle_reduction(Reading& reading, const Node* software, const std::string& asked, const Node& defaults) {
  const bool said = software && software->find("reduce_in_fp32");
  if (!said && asked == "bf16" && gradients_of(defaults) != "bf16") reading.scenario.software.reduce_in_fp32 = false;
}

void read_stack(Reading& reading, Node& root) {
  const Node* named = written(root, "software");
  const Node today = named ? Node() : software_of_today(reading, root);
  const Node defaults = resolve_software(reading, named ? named : &today);
  settle_reduction(reading, named, gradients_of(root), defaults);
  if (defaults.is_map()) apply_software_defaults(reading, root, defaults);
}

void read_model_section(Reading& reading, const Node& root) {
  const Node* node = written(root, "model");
  if (!node) return;  // its absence is told with the other keys of the top
  Result<Node> model = resolve_model(reading, *node);
  if (model) return read_section(reading, "model", with_layer_table(reading, std::move(*model)));
  reading.errors.insert(reading.errors.end(), model.errors().begin(), model.errors().end());
  reading.broken.emplace("model");
}

// All that a cluster hangs on but its presets' files: for what is remembered of it.
std::string key_of_cluster(const Node& node, const SearchPath& path) {
  const Where& where = node.where;
  return key_along(
      where.file + ":" + std::to_string(where.line) + ":" + std::to_string(where.column) + "\n" + flow_text(node),
      path);
}

void read_cluster_section(Reading& reading, const Node& root) {
  const Node* node = written(root, "cluster");
  if (!node) return;
  Scenario& scenario = reading.scenario;
  for (const Node::Entry& entry : node->entries) scenario.places["cluster." + entry.key] = entry.value.where;
  const std::string key = key_of_cluster(*node, reading.path);
  Result<topology::ClusterSpec> cluster =
      remembered("cluster " + key, [&] { return topology::read_cluster(*node, reading.path); });
  reading.has_cluster = cluster.ok();
  if (cluster) {
    scenario.cluster = std::move(*cluster);
    scenario.warnings.insert(scenario.warnings.end(), scenario.cluster.assumptions.begin(),
                             scenario.cluster.assumptions.end());
    for (const std::string& line : scenario.cluster.defaults_used) scenario.defaults_used.push_back(line);
    const auto nccl = scenario.places.find("cluster.nccl");
    const Where asked_at = nccl == scenario.places.end() ? Where{"cluster.nccl", 0, 0} : nccl->second;
    Result<std::shared_ptr<const CollectiveFacts>> facts = remembered(
        "collectives " + key, [&] { return read_collective_facts(reading.path, scenario.cluster, "", asked_at); });
    if (facts)
      scenario.collectives = std::move(*facts);
    else
      reading.errors.insert(reading.errors.end(), facts.errors().begin(), facts.errors().end());
    return;
  }
  for (const Error& error : cluster.errors())
    (error.fault == Fault::unsupported ? scenario.not_supported_yet : reading.errors).push_back(error);
}

// A section that nobody wrote is an empty one: its defaults apply all the same.
void read_plain_section(Reading& reading, std::string_view section, const Node& root) {
  Node empty;
  empty.kind = Node::Kind::map;
  empty.where = root.where;
  const Node* node = written(root, section);
  if (node || !find_key(section)->required) read_section(reading, section, node ? *node : empty);
}

// Sections first, then what follows from them, then what must agree.
void read_all(Reading& reading, Node& root) {
  if (!root.is_map())
    return reading.fail(root.where, "a scenario must be a mapping, but this is " + std::string(describe(root)));
  read_stack(reading, root);
  read_section(reading, "", root);
  read_model_section(reading, root);
  read_cluster_section(reading, root);
  for (const char* section : {"training", "layout", "pipeline", "overlap", "simulation"})
    read_plain_section(reading, section, root);

  read_loads(reading);
  derive_model(reading);
  derive_layout(reading);
  derive_pipeline(reading);
  check_model(reading);
  check_grid(reading);
  check_tensor_grid(reading);
  check_by_layers(reading);
  check_batch(reading);
  check_pipeline(reading);
  check_stage_replicas(reading);
  check_layer_table(reading);
  check_sharding(reading);
  check_hardware(reading);
  check_jobs(reading);
  tell_what_is_in_vain(reading);
  derive_rest(reading);
}

// In the order of the file, as a person goes through it; presets' files behind.
void sort_by_place(Errors& errors, const std::string& file) {
  std::stable_sort(errors.begin(), errors.end(), [&](const Error& a, const Error& b) {
    const auto place = [&](const Error& e) {
      return std::tuple(e.where.file != file, std::string_view(e.where.file), e.where.line, e.where.column);
    };
    return place(a) < place(b);
  });
}

void name_it(Scenario& scenario) {
  if (scenario.name.empty()) scenario.name = fs::path(scenario.file).stem().string();
  if (scenario.model.name.empty()) scenario.model.name = "inline";
}

// Where it leads is looked at once for all points of a sweep.
SearchPath path_beside(const std::string& folder) {
  return *remembered("search path " + folder, [&] { return Result<SearchPath>(SearchPath::standard(folder)); });
}

Result<Scenario> read_tree(Result<Node> root, const std::string& file, const std::vector<Override>& overrides,
                           const ReadOptions& options) {
  if (!root) return std::move(root).errors();
  const std::string folder = fs::path(file).parent_path().string();
  Reading reading(path_beside(folder));
  reading.folder = folder;
  reading.is_job = options.is_job;
  reading.scenario.file = file;
  for (const Override& over : overrides) apply_override(*root, over.path, over.value, reading.errors);
  read_all(reading, *root);
  name_it(reading.scenario);

  if (options.refuse_unsupported)
    for (Error& error : unsupported_yet(reading.scenario)) reading.errors.push_back(std::move(error));
  sort_by_place(reading.errors, file);
  if (!reading.errors.empty()) return std::move(reading.errors);
  return std::move(reading.scenario);
}

}  // namespace

Where Scenario::at(std::string_view key) const {
  for (std::string_view path = key; !path.empty();) {
    if (const auto found = places.find(std::string(path)); found != places.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    path = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
  }
  Where whole;
  whole.file = file;
  return whole;
}

Errors unsupported_yet(const Scenario& scenario) {
  return scenario.not_supported_yet;
}

Result<Scenario> read_scenario(const std::string& path, const std::vector<Override>& overrides,
                               const ReadOptions& options) {
  return read_tree(read_document(path), path, overrides, options);
}

Result<Scenario> read_scenario(Node root, const std::string& file, const std::vector<Override>& overrides,
                               const ReadOptions& options) {
  return read_tree(std::move(root), file, overrides, options);
}

Result<Node> with_overrides(Node root, const std::vector<Override>& overrides) {
  Errors errors;
  for (const Override& over : overrides) apply_override(root, over.path, over.value, errors);
  if (!errors.empty()) return errors;
  return root;
}

Result<Scenario> parse_scenario(std::string_view text, const std::string& file, const std::vector<Override>& overrides,
                                const ReadOptions& options) {
  return read_tree(parse_document(text, file), file, overrides, options);
}

}  // namespace orrery::models
