#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "cli/command/command.h"
#include "cli/console/messages.h"
#include "cli/console/output.h"
#include "cli/options/options.h"
#include "cli/options/plot_option.h"
#include "models/scenario/reader.h"
#include "models/scenario/reading.h"
#include "models/scenario/shared_cluster.h"
#include "report/topology/view.h"
#include "sim/base/text.h"
#include "topology/catalogue.h"
#include "topology/read/files/fabric_file.h"

namespace orrery::cli {
namespace {

constexpr std::size_t kMostBytes = 64u << 20;  // of a file to draw

struct TopoCommand {
  std::string file, cluster, nodes, gpus, gpus_per_node, format = "text", output;
  std::vector<std::string> sets, path;
  PlotOption plot;

  int run();
  Result<Node> described() const;
  bool is_shared() const;
  Result<topology::ClusterSpec> read() const;
};

Node scalar(const std::string& text, const std::string& option) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = text;
  node.where.file = option;
  return node;
}

void put(Node& map, const std::string& key, const std::string& value, const std::string& option) {
  if (value.empty()) return;
  map.kind = Node::Kind::map;
  std::erase_if(map.entries, [&](const Node::Entry& entry) { return entry.key == key; });
  map.entries.push_back({key, {option, 0, 0}, scalar(value, option)});
}

// What NCCL, nvidia-smi or ibnetdiscover wrote.
bool is_foreign(const std::string& file) {
  const Result<std::string> text = read_text_file(file, kMostBytes);
  return text && topology::is_foreign_fabric(*text);
}

Node foreign_cluster(const std::string& file) {
  Node whole, fabric;
  put(fabric, "file", std::filesystem::absolute(file).string(), file);
  whole.kind = Node::Kind::map;
  whole.entries.push_back({"fabric", {file, 0, 0}, std::move(fabric)});
  return whole;
}

// A preset's name in place of a cluster.
Node named_cluster(const Node& name) {
  Node whole;
  whole.kind = Node::Kind::map;
  whole.where = name.where;
  whole.entries.push_back({"preset", name.where, name});
  return whole;
}

// The cluster of a scenario, or of a cluster's own file.
Result<Node> own_cluster(const std::string& file) {
  Result<Node> document = read_document(file);
  if (!document) return document.errors();
  if (!document->is_map()) return Error{document->where, "a scenario or a cluster must be a mapping"};
  const Node* section = document->find("cluster");
  if (section && section->is_scalar()) return named_cluster(*section);
  Node whole = section ? *section : *document;
  for (Node::Entry& entry : whole.entries)
    if (!section && entry.key == "inherits") entry.key = "preset";  // a cluster's own file
  return whole;
}

// {cluster: …}: of the file, or as the options say it.
Result<Node> TopoCommand::described() const {
  Node root, whole;
  root.kind = whole.kind = Node::Kind::map;
  if (!file.empty()) {
    Result<Node> told = is_foreign(file) ? foreign_cluster(file) : own_cluster(file);
    if (!told) return told.errors();
    whole = std::move(*told);
  }
  put(whole, "preset", cluster, "--cluster");
  const bool sized = !nodes.empty() || !gpus.empty();
  if (sized) std::erase_if(whole.entries, [](const Node::Entry& e) { return e.key == "nodes" || e.key == "gpus"; });
  put(whole, "nodes", nodes, "--nodes");
  put(whole, "gpus", gpus, "--gpus");
  put(whole, "gpus_per_node", gpus_per_node, "--gpus-per-node");
  const bool told = whole.find("nodes") || whole.find("gpus") || whole.find("groups");
  if (!told) put(whole, "nodes", "1", "--nodes");
  root.entries.push_back({"cluster", whole.where, std::move(whole)});
  return root;
}

// Of a scenario with `jobs`, and nothing else is asked for: the machine of all of them.
bool TopoCommand::is_shared() const {
  if (file.empty() || !nodes.empty() || !gpus.empty() || !gpus_per_node.empty()) return false;
  const Result<Node> document = read_document(file);
  return document && document->find("jobs");
}

Result<topology::ClusterSpec> TopoCommand::read() const {
  Result<Node> root = described();
  if (!root) return root.errors();
  ScenarioOptions options;
  options.sets = sets;
  const auto overrides = options.overrides();
  if (!overrides) return overrides.errors();
  if (is_shared()) {
    const auto scenario = models::read_scenario(file, *overrides);
    if (!scenario) return scenario.errors();
    return models::shared_cluster(*scenario);
  }
  Errors errors;
  for (const models::Override& over : *overrides) models::apply_override(*root, over.path, over.value, errors);
  if (!errors.empty()) return errors;
  const std::string folder = std::filesystem::path(file).parent_path().string();
  return topology::read_cluster(*root->find("cluster"), SearchPath::standard(folder));
}

int TopoCommand::run() {
  if (!file.empty())
    if (const auto text = read_text_file(file, kMostBytes); !text) return report(text.errors());
  const bool both = !file.empty() && !cluster.empty();
  if (both ? !is_foreign(file) : file.empty() && cluster.empty())
    return complain("topo: give a FILE or --cluster PRESET; both where the file is NCCL's or nvidia-smi's"), kUsage;
  const auto spec = read();
  if (!spec) return report(spec.errors());
  const auto fabric = topology::Fabric::build(*spec);
  if (!fabric) return report(fabric.errors());
  report::TopologyView view = report::view_of(*fabric);
  if (!path.empty()) {
    const auto from = report::gpu_from(*fabric, path[0]), to = report::gpu_from(*fabric, path[1]);
    for (const auto* end : {&from, &to})
      if (!*end) return report(end->errors()), kUsage;
    view.path = report::path_of(*fabric, *from, *to);
  }
  Output out(output);
  if (!out.ok()) return kInputOutput;
  out.stream() << (format == "json"  ? report::topology_json(view)
                   : format == "dot" ? report::topology_dot(view)
                   : format == "svg" ? report::topology_svg(view)
                                     : report::topology_text(view));
  const bool printed = out.finish();
  return printed && (!plot.wanted() || plot.write(report::topology_svg(view))) ? kDone : kInputOutput;
}

}  // namespace

void add_topo(CLI::App& app, int& status) {
  auto command = std::make_shared<TopoCommand>();
  CLI::App& sub = *app.add_subcommand("topo", "The fabric: counts, bisection bandwidth, paths, drawings");
  sub.add_option("FILE", command->file,
                 "Scenario, the file of a cluster, or what NCCL (XML), nvidia-smi topo -m or ibnetdiscover wrote");
  sub.add_option("--cluster", command->cluster, "A cluster of scenarios/hardware/clusters")->option_text("PRESET");
  sub.add_option("--nodes", command->nodes, "Nodes (default 1)")->option_text("N");
  sub.add_option("--gpus", command->gpus, "GPUs, in place of nodes")->option_text("N");
  sub.add_option("--gpus-per-node", command->gpus_per_node, "GPUs used of each node")->option_text("G");
  sub.add_option("--set", command->sets, "Set any key of the cluster, as cluster.fabric.kind")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  sub.add_option("--path", command->path, "The way between two GPUs, its latency and bottleneck")
      ->option_text("A B")
      ->expected(2);
  command->plot.add_to(sub, "Draw it too");
  one_of(sub.add_option("--format", command->format, "How to print"), {"text", "dot", "svg", "json"});
  sub.add_option("-o,--output", command->output, "Write there instead of to standard output")->option_text("FILE");
  sub.footer(
      "Examples:\n"
      "  orrery topo --cluster dgx-h100 --nodes 64 --path node0/gpu0 node40/gpu3\n"
      "  orrery topo scenarios/llama-3.1-405b-16k-h100.yaml\n"
      "  orrery topo --cluster aws-p5 p5.48xl-topo.xml      # what the file leaves out is the preset's\n"
      "  orrery topo --cluster tpu-v4 --nodes 16 --plot torus.png\n"
      "  orrery topo --cluster hgx-h100-roce --nodes 8 --set cluster.fabric.oversubscription=2 --format dot | dot "
      "-Tsvg");
  sub.callback([command, &status] { status = command->run(); });
}

}  // namespace orrery::cli
