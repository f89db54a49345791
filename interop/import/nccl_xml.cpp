#include "interop/import/formats.h"
#include "topology/read/files/fabric_file.h"

namespace orrery::interop {
namespace {

bool fills(const std::string& key, const ImportOptions& options) {
  return !options.cluster.empty() || (key == "model" && !options.model.empty());
}

}  // namespace

// One node as a cluster's mapping. What it lacks comes from --cluster, or is told
// at the element that lacks it.
Result<Imported> import_nccl_xml(const std::vector<ForeignText>& texts, const ImportOptions& options,
                                 const SearchPath& presets) {
  const auto facts = topology::read_links(presets);
  if (!facts) return facts.errors();
  const auto devices = topology::read_pci_devices(presets);
  if (!devices) return devices.errors();
  if (texts.size() > 1) return Error{{texts[1].file, 0, 0}, "one topology at a time"};
  const auto file = topology::parse_fabric_file(texts[0].text, texts[0].file, *facts, *devices);
  if (!file) return file.errors();
  if (file->network) return Error{{}, "describes a network, not a node; name it in a scenario: cluster.fabric.file"};

  Imported imported;
  Draft& draft = imported.draft;
  Errors errors;
  for (const topology::Gap& gap : file->node.gaps)
    if (!fills(gap.key, options)) {
      Error error = gap.error;
      error.what += " (--cluster NAME)";
      errors.push_back(error);
    }
  if (!errors.empty()) return errors;
  if (!options.cluster.empty()) draft.set("cluster.preset", yaml_text(options.cluster));
  if (!file->node.gpu.is_null() && options.cluster.empty()) draft.set("cluster.gpu", file->node.gpu);
  draft.set("cluster", file->node.cluster);
  for (const std::string& assumption : file->node.assumptions) draft.unresolved(assumption);
  imported.gpus = draft.count("cluster.gpus_per_node", 0);
  if (options.gpus > imported.gpus && options.cluster.empty() && !draft.has("cluster.fabric.link"))
    return Error{{}, "says nothing of the speed of its NICs, so nodes cannot be joined; give --cluster NAME"};
  const bool joined = options.gpus > imported.gpus || draft.has("cluster.fabric.link");
  if (joined && options.cluster.empty())
    draft.assume("cluster.fabric.kind", "rail-optimized", "the file describes one node only");
  draft.assume("model", "llama-3.1-8b", "the file describes hardware only; --model NAME");
  return imported;
}

}  // namespace orrery::interop
