#include "cli/options/collective_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>

#include "cli/options/graph_file.h"
#include "cli/options/options.h"
#include "cli/options/preset_cluster.h"
#include "sim/base/read/suggest.h"

namespace orrery::cli {
namespace {

using sim::TransferKind;

struct Operation {
  const char* name;
  TransferKind kind;
};
constexpr Operation kOperations[] = {{"all-reduce", TransferKind::all_reduce},
                                     {"all-gather", TransferKind::all_gather},
                                     {"reduce-scatter", TransferKind::reduce_scatter},
                                     {"all-to-all", TransferKind::all_to_all},
                                     {"broadcast", TransferKind::broadcast},
                                     {"reduce", TransferKind::reduce},
                                     {"gather", TransferKind::gather},
                                     {"scatter", TransferKind::scatter},
                                     {"send-recv", TransferKind::point_to_point}};

struct Dtype {
  const char *name, *in_table;  // as nccl-tests prints it
  int bytes;
};
constexpr Dtype kDtypes[] = {{"float", "float", 4},   {"fp32", "float", 4},    {"half", "half", 2},
                             {"fp16", "half", 2},     {"bf16", "bfloat16", 2}, {"bfloat16", "bfloat16", 2},
                             {"fp8", "fp8_e4m3", 1},  {"int8", "int8", 1},     {"uint8", "uint8", 1},
                             {"int32", "int32", 4},   {"uint32", "uint32", 4}, {"int64", "int64", 8},
                             {"uint64", "uint64", 8}, {"double", "double", 8}, {"fp64", "double", 8}};

constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;
constexpr std::size_t kMostSizes = 100'000;

Error at(const std::string& option, const std::string& what) {
  return {{option, 0, 0}, what};
}

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t n = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (fault != std::errc() || end != text.data() + text.size() || n < 0) return std::nullopt;
  return n;
}

// "8", "32K", "8G": powers of 1024, as nccl-tests reads them.
std::optional<Bytes> parse_size(std::string_view text) {
  std::int64_t unit = 1;
  const std::string_view letters = "KMGT";
  if (!text.empty()) {
    const std::size_t place = letters.find(static_cast<char>(std::toupper(static_cast<unsigned char>(text.back()))));
    if (place != std::string_view::npos) {
      unit <<= 10 * (place + 1);
      text.remove_suffix(1);
    }
  }
  const std::optional<std::int64_t> n = whole(text);
  if (!n || *n > kMostBytes / unit) return std::nullopt;
  return Bytes{*n * unit};
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) c == separator ? parts.emplace_back() : (parts.back() += c, parts.back());
  return parts;
}

// "5", "0-7" or "0-56:8" (every eighth), into `ranks`.
bool parse_range(const std::string& text, std::int64_t gpus, std::vector<std::int64_t>& ranks) {
  const std::vector<std::string> range_and_step = split(text, ':');
  const std::vector<std::string> ends = split(range_and_step[0], '-');
  if (range_and_step.size() > 2 || ends.size() > 2) return false;
  const std::optional<std::int64_t> first = whole(ends[0]), last = whole(ends.back());
  const std::optional<std::int64_t> step = range_and_step.size() == 2 ? whole(range_and_step[1]) : std::int64_t{1};
  if (!first || !last || !step || *step < 1 || *last < *first) return false;
  // One beyond the cluster is enough to be told of.
  for (std::int64_t rank = *first; rank <= std::min(*last, std::max(*first, gpus)); rank += *step)
    ranks.push_back(rank);
  return true;
}

std::optional<Error> find_twice(std::vector<std::int64_t> ranks) {
  std::sort(ranks.begin(), ranks.end());
  const auto twice = std::adjacent_find(ranks.begin(), ranks.end());
  if (twice == ranks.end()) return std::nullopt;
  return at("--ranks", "rank " + std::to_string(*twice) + " is in the group twice");
}

}  // namespace

const std::vector<std::string>& operation_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Operation& operation : kOperations) list.emplace_back(operation.name);
    return list;
  }();
  return names;
}

TransferKind operation_kind(const std::string& name) {
  return std::find_if(std::begin(kOperations), std::end(kOperations),
                      [&](const Operation& o) { return name == o.name; })
      ->kind;
}

bool reduces(TransferKind kind) {
  return kind == TransferKind::all_reduce || kind == TransferKind::reduce_scatter || kind == TransferKind::reduce;
}

bool has_root(TransferKind kind) {
  return kind == TransferKind::broadcast || kind == TransferKind::reduce || kind == TransferKind::gather ||
         kind == TransferKind::scatter;
}

void CollectiveOptions::add_to(CLI::App& app) {
  app_ = &app;
  app.add_option("--cluster", cluster,
                 "Cluster preset (scenarios/hardware/clusters), or a scenario whose cluster it is")
      ->option_text("PRESET")
      ->required();
  app.add_option("--nodes", nodes, "Nodes (1)")->option_text("K");
  app.add_option("--gpus", gpus, "GPUs, instead of nodes")->option_text("N");
  app.add_option("--gpus-per-node", gpus_per_node, "GPUs used of each node (all)")->option_text("G");
  app.add_option("--ranks", ranks, "The group: 0,8,16 or 0-63 or 0-56:8 (all ranks)")->option_text("LIST");
  std::vector<std::string> types;
  for (const Dtype& type : kDtypes) types.emplace_back(type.name);
  one_of(app.add_option("--dtype", dtype, "Element type, for the count of elements"), types);
  app.add_option("-b", begin, "Smallest size (8)")->option_text("BYTES");
  app.add_option("-e", end, "Largest size (8G)")->option_text("BYTES");
  app.add_option("-f", factor, "From size to size (2)")->option_text("FACTOR");
  app.add_option("--bytes", list, "These sizes, instead of -b, -e and -f")->option_text("LIST");
  app.add_option("--nccl", nccl, "Version of NCCL whose choice it is (the newest known)")->option_text("2.28");
  app.add_option("--algo,--algorithm", algorithm,
                 "Algorithm, instead of NCCL's choice (NCCL_ALGO), or a file of steps (step,from,to,share)")
      ->option_text(alternatives(models::algorithm_names()) + "|FILE.csv");
  app.add_option("--matrix", matrix, "All-to-all of uneven parts: what each rank sends to each, in bytes")
      ->option_text("FILE.csv");
  app.add_option("--graph", graph,
                 "Rings and trees as NCCL laid them through nodes, with their speeds (NCCL_GRAPH_DUMP_FILE)")
      ->option_text("FILE.xml");
  app.add_option("--proto", protocol, "Protocol, instead of NCCL's choice (NCCL_PROTO)")
      ->option_text("LL|LL128|Simple");
  one_of(app.add_option("--network", network_name, "Model of the network"), {"analytic", "flow", "chunk"});
}

bool CollectiveOptions::sizes_given() const {
  constexpr std::array kOptions = {"-b", "-e", "-f", "--bytes"};
  return std::any_of(kOptions.begin(), kOptions.end(), [this](const char* option) { return app_->count(option) > 0; });
}

void CollectiveOptions::parse_sizes(Errors& errors) {
  const auto size = [&](const char* option, const std::string& text) {
    const std::optional<Bytes> bytes = parse_size(text);
    if (!bytes) errors.push_back(at(option, "'" + text + "' is no size; write it as 8, 32K, 512M or 8G"));
    return bytes.value_or(Bytes{1});
  };
  if (!list.empty()) {
    for (const char* option : {"-b", "-e", "-f"})
      if (app_->count(option) > 0) errors.push_back(at(option, "cannot stand beside --bytes"));
    for (const std::string& text : split(list, ',')) sizes.push_back(size("--bytes", text));
    return;
  }
  const Bytes first = size("-b", begin), last = size("-e", end);
  const std::optional<std::int64_t> times = whole(factor);
  if (!times || *times < 2) errors.push_back(at("-f", "'" + factor + "' is no whole factor of at least 2"));
  if (last < first) errors.push_back(at("-e", "ends below -b " + begin));
  if (!errors.empty()) return;
  if (first.n == 0) sizes.push_back({0});
  for (Int128 n = std::max<std::int64_t>(1, first.n); n <= last.n; n *= *times)
    sizes.push_back({static_cast<std::int64_t>(n)});
}

Errors CollectiveOptions::read_written() {
  if (matrix.empty() && !algorithm_is_file()) return {};
  Result<std::shared_ptr<const models::WrittenSteps>> read =
      matrix.empty() ? models::read_steps(algorithm) : models::read_byte_matrix(matrix);
  if (!read) return read.errors();
  forced.written = std::move(*read);
  if (!matrix.empty()) sizes = {{static_cast<std::int64_t>(forced.written->bytes)}};
  return {};
}

Errors CollectiveOptions::read_graph(const topology::ClusterSpec& spec, const std::vector<RankId>& group) {
  if (graph.empty()) return {};
  Result<models::LaidGraph> laid = read_graph_file(graph, spec, group);
  if (!laid) return laid.errors();
  forced.laid = std::make_shared<const models::LaidGraph>(std::move(*laid));
  return {};
}

bool CollectiveOptions::algorithm_is_file() const {
  return algorithm.find_first_of("./") != std::string::npos;
}

void CollectiveOptions::parse_algorithm(Errors& errors) {
  if (!matrix.empty() && !algorithm.empty()) errors.push_back(at("--matrix", "cannot stand beside --algo"));
  if (algorithm.empty() || algorithm_is_file()) return;
  forced.algorithm = models::algorithm_from(algorithm);
  if (!forced.algorithm)
    errors.push_back(
        at("--algo", "there is no algorithm '" + algorithm + "'" + did_you_mean(algorithm, models::algorithm_names())));
}

Errors CollectiveOptions::parse() {
  Errors errors;
  if (sizes.empty()) parse_sizes(errors);
  if (sizes.size() > kMostSizes) errors.push_back(at("--bytes", "more than 100,000 sizes"));
  const auto type =
      std::find_if(std::begin(kDtypes), std::end(kDtypes), [&](const Dtype& d) { return dtype == d.name; });
  dtype = type->in_table;
  element_bytes = type->bytes;
  forced.int8 = dtype == "int8" || dtype == "uint8";
  network = network_name == "analytic" ? models::Network::analytic
            : network_name == "flow"   ? models::Network::flow
                                       : models::Network::chunk;
  parse_algorithm(errors);
  if (!protocol.empty() && !(forced.protocol = models::protocol_from(protocol)))
    errors.push_back(at("--proto", "there is no protocol '" + protocol + "'; NCCL has LL, LL128 and Simple"));
  if (!graph.empty() && network == models::Network::chunk)
    errors.push_back(at("--graph", "beside --network chunk is not supported yet: chunks go in the order of ranks"));
  if (!nodes.empty() && !gpus.empty()) errors.push_back(at("--gpus", "cannot stand beside --nodes"));
  return errors;
}

Result<topology::ClusterSpec> CollectiveOptions::read_cluster() const {
  return read_preset_cluster({cluster, nodes, gpus, gpus_per_node}, SearchPath::standard(""));
}

std::optional<Error> CollectiveOptions::check_written(TransferKind kind, int group) const {
  if (!forced.written) return std::nullopt;
  if (!matrix.empty() && kind != TransferKind::all_to_all)
    return at("--matrix", "says what ranks send in an all-to-all, not in another operation");
  const int written = forced.written->ranks;
  if (written > group || (!matrix.empty() && written < group))
    return at(matrix.empty() ? "--algo" : "--matrix",
              "is of " + std::to_string(written) + " ranks, but the group has " + std::to_string(group));
  return std::nullopt;
}

Result<std::vector<RankId>> CollectiveOptions::choose_ranks(int gpus_there) const {
  std::vector<std::int64_t> chosen;
  if (ranks.empty())
    for (int rank = 0; rank < gpus_there; ++rank) chosen.push_back(rank);
  else
    for (const std::string& range : split(ranks, ','))
      if (!parse_range(range, gpus_there, chosen))
        return at("--ranks", "'" + range + "' is no rank; write 5, 0-7 or 0-56:8");
  for (const std::int64_t rank : chosen)
    if (rank >= gpus_there)
      return at("--ranks",
                "rank " + std::to_string(rank) + " is outside the cluster of " + std::to_string(gpus_there) + " GPUs");
  if (const std::optional<Error> twice = find_twice(chosen)) return *twice;
  std::vector<RankId> ids;
  for (const std::int64_t rank : chosen) ids.push_back({static_cast<std::uint32_t>(rank)});
  return ids;
}

}  // namespace orrery::cli
