#pragma once

#include <string>
#include <vector>

#include "models/collectives/planner.h"
#include "sim/program.h"
#include "topology/hardware.h"

namespace CLI {
class App;
}

namespace orrery::cli {

// "all-reduce" and the others that `orrery collective` knows.
const std::vector<std::string>& operation_names();
sim::TransferKind operation_kind(const std::string& name);  // one of operation_names()
bool reduces(sim::TransferKind kind);
bool has_root(sim::TransferKind kind);

// What to run where: the options of `orrery collective` as they were typed, and
// what parse() made of them.
struct CollectiveOptions {
  std::string cluster, nodes, gpus, gpus_per_node, ranks;
  std::string begin = "8", end = "8G", factor = "2", list;
  std::string dtype = "float", network_name = "flow", nccl, algorithm, protocol, matrix, graph;

  std::vector<Bytes> sizes;
  int element_bytes = 4;
  models::Network network = models::Network::flow;
  models::Forced forced;

  void add_to(CLI::App& app);
  bool sizes_given() const;
  Errors parse();
  Errors read_written();  // the files of --algo and --matrix; after parse
  Result<topology::ClusterSpec> read_cluster() const;
  // Why steps that somebody wrote do not fit this operation among as many ranks.
  std::optional<Error> check_written(sim::TransferKind kind, int ranks) const;
  // Rings and trees of --graph; after parse.
  Errors read_graph(const topology::ClusterSpec& spec, const std::vector<RankId>& group);
  // The ranks of --ranks, else all.
  Result<std::vector<RankId>> choose_ranks(int gpus) const;

 private:
  CLI::App* app_ = nullptr;

  void parse_sizes(Errors& errors);
  void parse_algorithm(Errors& errors);
  bool algorithm_is_file() const;
};

}  // namespace orrery::cli
