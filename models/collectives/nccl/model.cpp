#include "models/collectives/nccl/model.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include "sim/base/read/fields.h"
#include "topology/read/preset.h"

namespace orrery::models {
namespace {

constexpr const char* kFolder = "software/nccl";

constexpr std::array<std::string_view, kGenerations> kGenerationNames = {"volta", "ampere", "hopper", "blackwell"};

// Names of the file's rows.
constexpr std::pair<std::string_view, Algorithm> kRows[] = {{"tree", Algorithm::tree},
                                                            {"ring", Algorithm::ring},
                                                            {"pat", Algorithm::pat},
                                                            {"collnet_direct", Algorithm::collnet_direct},
                                                            {"collnet_chain", Algorithm::collnet_chain},
                                                            {"nvls", Algorithm::nvls},
                                                            {"nvls_tree", Algorithm::nvls_tree}};

constexpr double kTreeCorrection[kProtocols][24] = {
    {1, 1, 1, 1, .9, .8, .7, .7, .7, .7, .6, .5, .4, .4, .5, .6, .7, .8, .9, 1, 1, 1, 1, 1},
    {1, 1, 1, 1, 1, .9, .8, .8, .8, .7, .6, .6, .6, .6, .6, .6, .8, .9, .9, .9, .9, 1, 1, 1},
    {.9, .9, .9, .9, .9, .9, .9, .8, .7, .6, .6, .5, .5, .5, .5, .6, .7, .8, .7, .7, .8, .9, .9, .9}};

// One number, or a list of as many as `values` has room for; one number fills all.
void read_numbers(Fields& f, std::string_view key, std::span<double> values) {
  const Node* node = f.node(key);
  if (!node) return;
  const bool list = node->is_list();
  if (list && node->items.size() != values.size()) {
    f.fail(key, "'" + std::string(key) + "' needs " + std::to_string(values.size()) + " values");
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Node& item = list ? node->items[i] : *node;
    const Result<double> number = parse_number(item.text, item.where);
    if (number && *number >= 0)
      values[i] = *number;
    else
      return f.fail(key, "'" + std::string(key) + "' holds '" + item.text + "', which is no time or rate");
  }
}

class Reader {
 public:
  Reader(const Node& node, Generation generation, bool amd_host, Errors& errors)
      : fields_(node, "nccl", errors), errors_(errors), generation_(generation), amd_(amd_host) {}

  NcclModel read() {
    latency("base", &AlgorithmLatency::base);
    latency("nvlink_hop", &AlgorithmLatency::nvlink_hop);
    latency("pcie_hop", &AlgorithmLatency::pcie_hop);
    latency("network_hop", &AlgorithmLatency::network_hop);
    by_generation("ll_max_one_node", std::span(model_.ll_max).first(1));
    if (const Node* node = fields_.node("ll_max_nodes")) {
      Fields hosts(*node, "nccl.ll_max_nodes", errors_);
      ByNodes other{};
      read_numbers(hosts, "intel", amd_ ? std::span(other).first(2) : std::span(model_.ll_max).last(2));
      read_numbers(hosts, "amd", amd_ ? std::span(model_.ll_max).last(2) : std::span(other).first(2));
      hosts.finish();
    }
    by_generation("ring_ll128", model_.ring_ll128);
    by_generation("tree_ll128", model_.tree_ll128);
    by_generation("tree_simple", model_.tree_simple);
    by_generation("nvls_tree", model_.nvls_tree);
    read_numbers(fields_, "nvls_tree_nic", model_.nvls_tree_nic);
    read_numbers(fields_, "nvls_ratio", model_.nvls_ratio);
    by_generation("nvls_efficiency", std::span(&model_.nvls_efficiency, 1));
    by_generation("large_ring_latency", std::span(&model_.large_ring_latency, 1));
    by_generation("unknown_speeds", model_.unknown_speeds);
    if (const std::optional<bool> pat = fields_.flag("pat")) model_.pat = *pat;
    if (const std::optional<bool> by_depth = fields_.flag("tree_chunk_by_depth"))
      model_.tree_chunk_by_depth = *by_depth;
    fields_.finish();
    return model_;
  }

 private:
  void latency(std::string_view key, ByProtocol AlgorithmLatency::*member) {
    const Node* node = fields_.node(key);
    if (!node) return;
    Fields rows(*node, "nccl." + std::string(key), errors_);
    for (const auto& [name, algorithm] : kRows)
      read_numbers(rows, name, model_.latency[static_cast<std::size_t>(algorithm)].*member);
    rows.finish();
  }

  void by_generation(std::string_view key, std::span<double> values) {
    const Node* node = fields_.node(key);
    if (!node) return;
    Fields rows(*node, "nccl." + std::string(key), errors_);
    std::array<double, 3> other{};
    for (std::size_t g = 0; g < kGenerationNames.size(); ++g)
      read_numbers(rows, kGenerationNames[g],
                   g == static_cast<std::size_t>(generation_) ? values : std::span(other).first(values.size()));
    rows.finish();
  }

  Fields fields_;
  Errors& errors_;
  Generation generation_;
  bool amd_;
  NcclModel model_;
};

// Major and minor of "2.28" or "2.28.9".
std::optional<std::pair<int, int>> numbers_of(std::string_view version) {
  std::pair<int, int> numbers;
  const char* end = version.data() + version.size();
  const auto major = std::from_chars(version.data(), end, numbers.first);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, numbers.second);
  if (minor.ec != std::errc() || (minor.ptr != end && *minor.ptr != '.')) return std::nullopt;
  return numbers;
}

Result<std::string> known_version(const SearchPath& path, const std::string& asked, const Where& at) {
  std::string best, all;
  std::optional<std::pair<int, int>> best_numbers;
  const std::optional<std::pair<int, int>> wanted = numbers_of(asked);
  if (!asked.empty() && !wanted) return Error{at, "'" + asked + "' is no NCCL version; write it as 2.28"};
  for (const std::string& name : path.names(kFolder)) {
    const std::optional<std::pair<int, int>> numbers = numbers_of(name);
    if (!numbers) continue;
    all += (all.empty() ? "" : ", ") + name;
    if (wanted && *numbers > *wanted) continue;
    if (!best_numbers || *numbers > *best_numbers) best = name, best_numbers = numbers;
  }
  if (best.empty()) return Error{at, "no model of NCCL " + asked + " is known; there are " + all};
  return best;
}

}  // namespace

std::string_view to_string(Generation generation) {
  return kGenerationNames[static_cast<std::size_t>(generation)];
}

Generation generation_of(const topology::GpuSpec& gpu) {
  if (gpu.compute_capability >= 100) return Generation::blackwell;
  if (gpu.compute_capability >= 90) return Generation::hopper;
  return gpu.compute_capability >= 80 ? Generation::ampere : Generation::volta;
}

Result<NcclModel> read_nccl_model(const SearchPath& path, const std::string& version, Generation generation,
                                  bool amd_host, const Where& asked_at) {
  const Result<std::string> known = known_version(path, version, asked_at);
  if (!known) return known.errors();
  Node name;
  name.kind = Node::Kind::scalar;
  name.text = *known;
  name.where = asked_at;
  Errors errors;
  const std::optional<Node> node = topology::resolve(name, kFolder, path, errors);
  if (!node) return errors;
  NcclModel model = Reader(*node, generation, amd_host, errors).read();
  if (!errors.empty()) return errors;
  model.version = *known;
  return model;
}

bool is_older(const std::string& version, const std::string& than) {
  const auto numbers = numbers_of(version), other = numbers_of(than);
  return numbers && other && *numbers < *other;
}

double tree_correction(Protocol protocol, double bytes) {
  const int index = bytes < 128 ? 0 : std::min(23, std::ilogb(bytes / 64));
  return kTreeCorrection[static_cast<int>(protocol)][index];
}

}  // namespace orrery::models
