#include "topology/read/parts/parts.h"

namespace orrery::topology {
namespace {

// One name, or a list of them.
std::vector<std::string> names(Fields& f, std::string_view key) {
  std::vector<std::string> names;
  const Node* node = f.node(key);
  if (!node) return names;
  const auto add = [&](const Node& item) {
    if (item.is_scalar())
      names.push_back(item.text);
    else
      f.fail(key, "'" + std::string(key) + "' must be a name or a list of names");
  };
  if (node->is_list())
    for (const Node& item : node->items) add(item);
  else
    add(*node);
  return names;
}

}  // namespace

// `nccl: "2.27"`, or `{version: "2.27", protocols: [Simple], algorithms: [ring], tuner: aws-p6-b200}`.
void read_nccl(Fields& cluster, Errors& errors, ClusterSpec& spec) {
  const Node* node = cluster.node("nccl");
  if (!node) return;
  if (!node->is_map()) {
    spec.nccl.version = cluster.text("nccl").value_or("");
    return;
  }
  Fields f(*node, "cluster.nccl", errors);
  spec.nccl.version = f.text("version").value_or("");
  spec.nccl.tuner = f.text("tuner").value_or("");
  spec.nccl.protocols = names(f, "protocols");
  spec.nccl.algorithms = names(f, "algorithms");
  f.finish();
}

}  // namespace orrery::topology
