#include "topology/read/nccl/nccl_graph.h"

#include <algorithm>

#include "sim/base/read/fields.h"
#include "topology/read/nccl/xml.h"

namespace orrery::topology {
namespace {

constexpr int kMostDevices = 4096;

class GraphReader {
 public:
  NcclGraphs read(const XmlElement& root) {
    NcclGraphs graphs;
    if (root.name != "graphs") {
      errors_.push_back({root.where, "a graph file begins with <graphs>, not with <" + root.name.substr(0, 80) + ">"});
      return graphs;
    }
    for (const XmlElement& child : root.children) {
      if (child.name != "graph") continue;
      NcclGraph graph = read_graph(child);
      if (const NcclGraph* first = graphs.find(graph.kind))
        errors_.push_back({child.where, "a second graph of id " + std::to_string(static_cast<int>(graph.kind)) +
                                            "; the first is in line " + std::to_string(first->where.line)});
      graphs.graphs.push_back(std::move(graph));
    }
    return graphs;
  }

  Errors& errors() { return errors_; }

 private:
  NcclGraph read_graph(const XmlElement& element) {
    NcclGraph graph;
    graph.where = element.where;
    Fields f(element.attributes, "<graph>", errors_);
    f.require({"id", "nchannels"});
    graph.kind = static_cast<NcclGraphKind>(f.count("id", 0, 4).value_or(0));
    graph.pattern = static_cast<int>(f.count("pattern", 0, 16).value_or(0));
    graph.speed_intra = f.number("speedintra", 0, 1e6).value_or(0);
    graph.speed_inter = f.number("speedinter", 0, 1e6).value_or(0);
    graph.type_intra = f.text("typeintra").value_or("");
    graph.type_inter = f.text("typeinter").value_or("");
    graph.cross_nic = f.count("crossnic", 0, 2).value_or(0) > 0;
    for (const XmlElement& child : element.children)
      if (child.name == "channel") graph.channels.push_back(read_channel(child));
    const auto told = f.count("nchannels", 0, 1024);
    if (told && static_cast<std::size_t>(*told) != graph.channels.size())
      f.fail("nchannels", "nchannels is " + std::to_string(*told) + ", but the graph lists " +
                              std::to_string(graph.channels.size()) + " channels");
    check_members(graph);
    return graph;
  }

  NcclChannel read_channel(const XmlElement& element) {
    NcclChannel channel;
    channel.where = element.where;
    for (const XmlElement& child : element.children) {
      if (child.name != "gpu" && child.name != "net") continue;
      Fields f(child.attributes, "<" + child.name + ">", errors_);
      f.require({"dev"});
      const auto dev = f.count("dev", 0, kMostDevices);
      if (!dev) continue;
      const int number = static_cast<int>(*dev);
      if (child.name == "net")
        (channel.gpus.empty() ? channel.net_in : channel.net_out) = number;
      else if (std::find(channel.gpus.begin(), channel.gpus.end(), number) == channel.gpus.end())
        channel.gpus.push_back(number);
      else
        errors_.push_back({child.where, "the channel passes GPU " + std::to_string(number) + " twice"});
    }
    if (channel.gpus.empty()) errors_.push_back({element.where, "a channel without a GPU"});
    return channel;
  }

  // Every channel of a ring, tree or chain passes every GPU; NVLS and CollNet list heads only.
  void check_members(const NcclGraph& graph) {
    if (graph.kind == NcclGraphKind::nvls || graph.kind == NcclGraphKind::collnet_direct) return;
    for (const NcclChannel& channel : graph.channels) {
      if (sorted(channel.gpus) == sorted(graph.channels.front().gpus)) continue;
      errors_.push_back({channel.where, "the channel passes " + std::to_string(channel.gpus.size()) +
                                            " GPUs, but not the same ones as the graph's first channel, which passes " +
                                            std::to_string(graph.channels.front().gpus.size())});
    }
  }

  static std::vector<int> sorted(std::vector<int> gpus) {
    std::sort(gpus.begin(), gpus.end());
    return gpus;
  }

  Errors errors_;
};

}  // namespace

std::string_view to_string(NcclGraphKind kind) {
  constexpr std::string_view kNames[] = {"ring", "tree", "collnet chain", "nvls", "collnet direct"};
  return kNames[static_cast<std::size_t>(kind)];
}

const NcclGraph* NcclGraphs::find(NcclGraphKind kind) const {
  const auto found = std::find_if(graphs.begin(), graphs.end(), [&](const NcclGraph& g) { return g.kind == kind; });
  return found == graphs.end() ? nullptr : &*found;
}

Result<NcclGraphs> parse_nccl_graphs(std::string_view text, const std::string& file) {
  const Result<XmlElement> root = parse_xml(text, file);
  if (!root) return root.errors();
  GraphReader reader;
  NcclGraphs graphs = reader.read(*root);
  if (!reader.errors().empty()) return std::move(reader.errors());
  return graphs;
}

}  // namespace orrery::topology
