#include "cli/work/collectives/collective_platforms.h"

#include "sim/base/read/fields.h"

namespace orrery::cli {
namespace {

CollectivePlatform platform_of(const Node& node, Errors& errors) {
  Fields f(node, "platforms", errors);
  CollectivePlatform p;
  p.gpu = f.text("gpu").value_or("");
  p.platform = f.text("platform").value_or("");
  p.cluster = f.text("cluster").value_or("");
  p.skip = f.text("skip").value_or("");
  p.nccl = f.text("nccl").value_or("");
  p.call = f.duration("call").value_or(Duration());
  p.nvl = f.flag("nvl").value_or(false);
  f.finish();
  return p;
}

report::Contradiction contradiction_of(const Node& node, Errors& errors) {
  Fields f(node, "contradictions", errors);
  f.require({"platform", "operation", "rows", "apart", "because"});
  report::Contradiction c;
  c.platform = f.text("platform").value_or("");
  c.operation = f.text("operation").value_or("");
  c.rows = f.text("rows").value_or("");
  c.apart = f.number("apart", 0, 1e3).value_or(0);
  c.because = f.text("because").value_or("");
  f.finish();
  return c;
}

}  // namespace

Result<PublishedCollectives> read_published_collectives(const SearchPath& path) {
  const Result<std::string> file = path.find("published", "collectives", {"scenarios/published", 0, 0});
  if (!file) return file.errors();
  const Result<Node> document = read_document(*file);
  if (!document) return document.errors();
  Errors errors;
  PublishedCollectives published;
  Fields top(*document, "collectives", errors);
  top.require({"platforms"});
  if (const Node* list = top.node("platforms"))
    for (const Node& item : list->items) published.platforms.push_back(platform_of(item, errors));
  if (const Node* list = top.node("contradictions"))
    for (const Node& item : list->items) published.contradictions.push_back(contradiction_of(item, errors));
  top.finish();
  if (!errors.empty()) return errors;
  return published;
}

}  // namespace orrery::cli
