#include "topology/read/files/fabric_file.h"

#include <filesystem>

#include "sim/base/text.h"
#include "topology/read/files/fabric_yaml.h"
#include "topology/read/files/listed_from.h"
#include "topology/read/files/mapping.h"
#include "topology/read/nccl/nccl_graph.h"
#include "topology/read/parts/plausible.h"

namespace orrery::topology {
namespace {

constexpr std::size_t kMostBytes = 64u << 20;  // an ibnetdiscover of the largest machine; XML has its own limit

enum class Format { nccl_system, nccl_graph, nvidia_smi, ibnetdiscover, ibstat, yaml };

// `ibstat` of one host ("CA 'mlx5_0'"), or of several, each behind its name ("VM_hostname node7").
bool is_ibstat(std::string_view line) {
  return line.starts_with("CA '") || line.starts_with("VM_hostname ");
}

// The first line that begins with one of these words decides.
Format format_of(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != std::string_view::npos && text[first] == '<')
    return text.find("<graphs") != std::string_view::npos ? Format::nccl_graph : Format::nccl_system;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    for (std::string_view word : {"vendid=", "Switch\t", "Switch ", "Ca\t", "Ca "})
      if (line.starts_with(word)) return Format::ibnetdiscover;
    if (is_ibstat(line)) return Format::ibstat;
    const std::size_t word = line.find_first_not_of(" \t");
    if (word != std::string_view::npos && line.find("GPU0", word) < word + 8) return Format::nvidia_smi;
    if (line.starts_with("nodes:") || line.starts_with("links:")) return Format::yaml;
  }
  return Format::yaml;
}

Result<FabricFile> of_node(Result<NodeFile> node) {
  if (!node) return node.errors();
  return FabricFile{std::move(*node), std::nullopt};
}

// The slowest link of a NIC; zero where none tells its rate.
BytesPerSecond slowest_nic(const ListedFabric& network) {
  BytesPerSecond slowest;
  for (const ListedLink& link : network.links) {
    const bool of_nic = !link.a.is_switch || !link.b.is_switch;
    if (of_nic && link.rate.n > 0 && (slowest.n == 0 || link.rate < slowest)) slowest = link.rate;
  }
  return slowest;
}

// A network says how many nodes there are, how many NICs each has, and how fast they are.
FabricFile of_network(ListedFabric network, Node cluster, const std::string& file) {
  const Where where{file, 0, 0};
  if (!cluster.is_map()) cluster = mapping_at(where);
  const Node* told = cluster.find("fabric");
  if (const BytesPerSecond slowest = slowest_nic(network); slowest.n > 0 && !(told && told->find("link"))) {
    Node fabric = told ? *told : mapping_at(where);
    put(fabric, "link", in_bits(slowest), where);
    std::erase_if(cluster.entries, [](const Node::Entry& entry) { return entry.key == "fabric"; });
    put(cluster, "fabric", std::move(fabric));
  }
  Node host = mapping_at(where);
  put(host, "nics", std::to_string(network.nics), where);
  put(cluster, "host", std::move(host));
  put(cluster, "nodes", std::to_string(network.nodes.size()), where);
  return {{std::move(cluster), {}, {}, {}}, std::move(network)};
}

Result<FabricFile> of_ibnetdiscover(std::string_view text, const std::string& file) {
  const Result<IbFabric> fabric = parse_ibnetdiscover(text, file);
  if (!fabric) return fabric.errors();
  Result<ListedFabric> network = listed_from(*fabric, file);
  if (!network) return network.errors();
  return of_network(std::move(*network), {}, file);
}

Result<FabricFile> of_yaml(std::string_view text, const std::string& file) {
  const Result<Node> document = parse_document(text, file);
  if (!document) return document.errors();
  Result<FabricYaml> fabric = read_fabric_yaml(*document);
  if (!fabric) return fabric.errors();
  return of_network(std::move(fabric->network), std::move(fabric->cluster), file);
}

}  // namespace

bool is_foreign_fabric(std::string_view text) {
  return format_of(text) != Format::yaml;
}

Result<FabricFile> parse_fabric_file(std::string_view text, const std::string& file, const LinkFacts& facts,
                                     const PciDevices& devices) {
  switch (format_of(text)) {
    case Format::nccl_system: {
      const Result<NcclSystem> system = parse_nccl_system(text, file);
      return system ? of_node(node_from(*system, file, facts, devices)) : Result<FabricFile>(system.errors());
    }
    case Format::nccl_graph: {
      const Result<NcclGraphs> graphs = parse_nccl_graphs(text, file);
      if (!graphs) return graphs.errors();
      return Error{{file, 0, 0},
                   "holds NCCL's rings and trees (NCCL_GRAPH_FILE), which are no fabric; name the "
                   "topology (NCCL_TOPO_DUMP_FILE) instead"};
    }
    case Format::nvidia_smi: {
      const Result<SmiTopology> matrix = parse_nvidia_smi(text, file);
      return matrix ? of_node(node_from(*matrix, file, facts)) : Result<FabricFile>(matrix.errors());
    }
    case Format::ibnetdiscover:
      return of_ibnetdiscover(text, file);
    case Format::ibstat:
      return Error{{file, 0, 0},
                   "lists hosts' InfiniBand adapters (ibstat), and not what they are wired to; name what ibnetdiscover "
                   "prints instead"};
    case Format::yaml:
      break;
  }
  return of_yaml(text, file);
}

Result<FabricFile> read_fabric_file(const std::string& path, const Where& asked_at, const LinkFacts& facts,
                                    const SearchPath& presets) {
  // A scenario may come from anywhere; a pipe or a device that it names is not waited for.
  std::error_code none;
  if (std::filesystem::exists(path, none) && !std::filesystem::is_regular_file(path, none))
    return Error{asked_at, path + " is not a file", Fault::io};
  const Result<std::string> text = read_text_file(path, kMostBytes);
  if (!text) {
    Error error = text.errors().front();
    return Error{asked_at, error.where.file + " " + error.what, error.fault};
  }
  const Result<PciDevices> devices = read_pci_devices(presets);
  if (!devices) return devices.errors();
  return parse_fabric_file(*text, path, facts, *devices);
}

}  // namespace orrery::topology
