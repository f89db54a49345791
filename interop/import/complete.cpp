#include <algorithm>

#include "interop/import/formats.h"

namespace orrery::interop {
namespace {

constexpr std::int64_t kMostGpus = 4 << 20;

struct Degrees {
  std::int64_t tp, cp, pp, dp;
  std::int64_t replica() const { return tp * cp * pp; }
};

Degrees degrees_of(const Draft& draft) {
  const auto degree = [&](const char* path) { return std::clamp<std::int64_t>(draft.count(path, 1), 1, 1 << 20); };
  return {degree("layout.tp"), degree("layout.cp"), degree("layout.pp"), degree("layout.dp")};
}

std::string product_of(const Degrees& d) {
  return "tp*cp*pp = " + std::to_string(d.tp) + "*" + std::to_string(d.cp) + "*" + std::to_string(d.pp);
}

// The GPUs of the whole job: asked for, told, or the fewest that the layout fills.
std::int64_t world_of(Imported& imported, const ImportOptions& options, Errors& errors) {
  const Degrees d = degrees_of(imported.draft);
  const std::int64_t fewest = d.replica() * d.dp;
  const std::int64_t wanted = options.gpus > 0 ? options.gpus : imported.gpus;
  if (fewest > kMostGpus) {
    errors.push_back({{}, product_of(d) + " needs more GPUs than are simulated"});
    return 0;
  }
  if (options.gpus > 0 && options.gpus % d.replica() != 0) {
    errors.push_back({{"--gpus", 0, 0}, std::to_string(options.gpus) + " GPUs are no multiple of " + product_of(d)});
    return 0;
  }
  if (wanted > 0 && wanted % d.replica() == 0) return wanted;
  if (wanted > 0)
    imported.draft.unresolved("it starts " + std::to_string(wanted) + " GPUs, which are no multiple of " +
                              product_of(d) + "; give --gpus N");
  else
    imported.draft.unresolved("how many GPUs: give --gpus N");
  return fewest;
}

void complete_cluster(Imported& imported, const ImportOptions& options, std::int64_t gpus) {
  Draft& draft = imported.draft;
  if (!options.cluster.empty()) draft.set("cluster.preset", yaml_text(options.cluster));
  if (!draft.has("cluster.preset") && !draft.has("cluster.gpu")) {
    const bool ampere = imported.gpu == "A100";
    draft.assume("cluster.preset", ampere ? "dgx-a100" : "dgx-h100",
                 imported.gpu.empty() ? "the file names no hardware" : "the file speaks of " + imported.gpu);
  }
  const bool told = options.gpus > 0 || (imported.gpus == gpus && imported.gpus_why.empty());
  if (gpus >= 8 && gpus % 8 != 0) draft.assume("cluster.gpus_per_node", node_of(gpus), "divides the GPUs");
  if (draft.has("cluster.nodes")) return;
  if (told)
    draft.set("cluster.gpus", gpus);
  else
    draft.assume("cluster.gpus", gpus,
                 imported.gpus == gpus ? imported.gpus_why : "the fewest that the layout fills; give --gpus N");
}

void complete_training(Imported& imported, std::int64_t gpus) {
  Draft& draft = imported.draft;
  const Degrees d = degrees_of(draft);
  const std::int64_t dp = std::max<std::int64_t>(1, gpus / d.replica());
  draft.assume("training.sequence_length", 4096, "the file does not say");
  draft.assume("training.micro_batch", 1, "the file does not say");
  const std::int64_t micro = draft.count("training.micro_batch", 1);
  if (imported.batch_sequences > 0 && !draft.has("training.global_batch"))
    draft.set("training.global_batch", imported.batch_sequences * dp);
  draft.assume("training.global_batch", dp * micro * d.pp,
               d.pp > 1 ? "pp micro-batches for each replica" : "one micro-batch for each replica");
}

}  // namespace

std::int64_t node_of(std::int64_t gpus) {
  for (std::int64_t node : {8, 4, 2})
    if (gpus % node == 0) return node;
  return 1;
}

std::int64_t vocabulary_of(std::string_view tokenizer) {
  // Sizes of the tokenizers' own vocabularies, from the models' published configurations.
  constexpr std::pair<std::string_view, std::int64_t> kKnown[] = {
      {"GPT2BPE", 50'257},      {"Llama-3", 128'256},     {"llama3", 128'256}, {"Llama-2", 32'000},
      {"DeepSeek-V3", 129'280}, {"DeepSeek-R1", 129'280}, {"Qwen3", 151'936},  {"Mixtral", 32'000}};
  for (const auto& [name, size] : kKnown)
    if (tokenizer.find(name) != std::string_view::npos) return size;
  return 0;
}

Errors complete(Imported& imported, const ImportOptions& options) {
  Errors errors;
  if (!options.model.empty()) imported.draft.set("model", yaml_text(options.model));
  if (!imported.draft.has("model"))
    errors.push_back({{},
                      "nothing says what the model is: name its Hugging Face config.json behind the file, or give "
                      "--model NAME"});
  const std::int64_t gpus = world_of(imported, options, errors);
  if (!errors.empty()) return errors;
  complete_cluster(imported, options, gpus);
  complete_training(imported, gpus);
  return {};
}

}  // namespace orrery::interop
