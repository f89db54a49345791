#include "models/collectives/nccl/tuner.h"

#include <algorithm>

#include "models/compute/portable_math.h"
#include "sim/base/read/fields.h"

namespace orrery::models {
namespace {

using sim::TransferKind;

constexpr TransferKind kKinds[] = {TransferKind::all_reduce, TransferKind::all_gather, TransferKind::reduce_scatter};

// Between two numbers of ranks a border is straight in logarithms, beyond them it stays.
double border(const std::vector<std::pair<double, double>>& points, double ranks) {
  const auto above = std::lower_bound(points.begin(), points.end(), std::pair(ranks, 0.0));
  if (above == points.end()) return points.back().second;
  if (above == points.begin() || above->first == ranks) return above->second;
  const auto [low_ranks, low] = *(above - 1);
  const auto [high_ranks, high] = *above;
  if (low <= 0 || high <= 0) return low;  // a stretch that ends between the two
  const double share = portable_log2(ranks / low_ranks) / portable_log2(high_ranks / low_ranks);
  return low * portable_pow(high / low, share);
}

class Reader {
 public:
  Reader(const Node& node, Errors& errors) : fields_(node, "tuner", errors), errors_(errors) {}

  Tuner read() {
    tuner_.ranks_per_node = static_cast<int>(fields_.count("ranks_per_node", 1, 4096).value_or(8));
    tuner_.least_nodes = static_cast<int>(fields_.count("least_nodes", 1, 1 << 20).value_or(1));
    for (const TransferKind kind : kKinds)
      if (const Node* list = fields_.node(sim::to_string(kind)))
        for (const Node& item : list->items) tuner_.stretches[kind].push_back(stretch(item));
    fields_.finish();
    return std::move(tuner_);
  }

 private:
  Tuner::Stretch stretch(const Node& node) {
    Fields f(node, "tuner", errors_);
    f.require({"algorithm", "protocol"});
    Tuner::Stretch out;
    out.choice.algorithm = named(f, "algorithm", algorithm_from).value_or(Algorithm::ring);
    out.choice.protocol = named(f, "protocol", protocol_from).value_or(Protocol::simple);
    if (const Node* until = f.node("until"))
      for (const Node::Entry& entry : until->entries) {
        const Result<double> ranks = parse_number(entry.key, entry.key_where);
        const Result<Bytes> bytes = parse_bytes(entry.value.text, entry.value.where);
        if (ranks && bytes && *ranks >= 1)
          out.until.emplace_back(*ranks, static_cast<double>(bytes->n));
        else
          f.fail("until", "'until' holds '" + entry.key + ": " + entry.value.text + "', which is no ranks: bytes");
      }
    std::sort(out.until.begin(), out.until.end());
    f.finish();
    return out;
  }

  template <class Named>
  static Named named(Fields& f, std::string_view key, Named (*from)(std::string_view)) {
    const std::optional<std::string> text = f.text(key);
    if (!text) return std::nullopt;
    const Named value = from(*text);
    if (!value) f.fail(key, "'" + *text + "' is no " + std::string(key) + " of NCCL's");
    return value;
  }

  Fields fields_;
  Errors& errors_;
  Tuner tuner_;
};

}  // namespace

std::optional<Choice> Tuner::choice(TransferKind kind, double bytes, int ranks, int nodes) const {
  const auto at = stretches.find(kind);
  if (at == stretches.end() || nodes < least_nodes || ranks != nodes * ranks_per_node) return std::nullopt;
  for (const Stretch& stretch : at->second)
    if (stretch.until.empty() || bytes <= border(stretch.until, ranks)) return stretch.choice;
  return std::nullopt;
}

Result<Tuner> read_tuner(const SearchPath& path, const std::string& name, const Where& asked_at) {
  const Result<std::string> file = path.find("software/tuners", name, asked_at);
  if (!file) return file.errors();
  const Result<Node> node = read_document(*file);
  if (!node) return node.errors();
  Errors errors;
  Tuner tuner = Reader(*node, errors).read();
  if (!errors.empty()) return errors;
  return tuner;
}

}  // namespace orrery::models
