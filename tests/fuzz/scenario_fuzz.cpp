// The scenario reader on any bytes: it answers, in bounded time and memory, and
// what it accepts keeps the promises that others build on.
//
// Leading lines "#set PATH VALUE" become overrides, so that --set is fuzzed too.
// A text that begins with '{' is also read as a Hugging Face config.
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "models/scenario/files/hf_config.h"
#include "models/scenario/reader.h"

namespace {

using namespace orrery;

std::vector<models::Override> overrides_in(std::string_view& text) {
  std::vector<models::Override> overrides;
  while (text.starts_with("#set ") && overrides.size() < 8) {
    const std::string_view line =
        text.substr(5, text.find('\n') == std::string_view::npos ? text.size() : text.find('\n') - 5);
    const std::size_t space = line.find(' ');
    if (space != std::string_view::npos)
      overrides.push_back({std::string(line.substr(0, space)), std::string(line.substr(space + 1))});
    text.remove_prefix(std::min(text.size(), 5 + line.size() + 1));
  }
  return overrides;
}

void must(bool promise) {
  if (!promise) std::abort();
}

void check(const models::Scenario& s) {
  if (!models::unsupported_yet(s).empty()) return;  // a cluster that cannot be built has no GPUs
  must(s.layout.gpus() >= 1 && s.layout.gpus() == s.cluster.gpus());
  must(s.micro_batches() >= 1);
  must(s.micro_batches() * s.training.micro_batch * s.layout.dp == s.training.global_batch);
  const auto& stages = s.pipeline.stage_layers;
  must(static_cast<int>(stages.size()) == s.layout.pp * s.pipeline.virtual_stages);
  must(std::accumulate(stages.begin(), stages.end(), 0) == s.model.layers);
  must(!s.model.table.empty() || s.model.heads % s.layout.tp == 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto overrides = overrides_in(text);
  models::ReadOptions all;
  all.refuse_unsupported = false;
  const auto scenario = models::parse_scenario(text, "fuzz.yaml", overrides, all);
  if (scenario)
    check(*scenario);
  else
    must(!scenario.errors().empty());
  if (!text.starts_with('{')) return 0;
  std::vector<std::string> warnings;
  if (const auto config = parse_document(text, "config.json")) (void)models::model_from_hf(*config, warnings).ok();
  return 0;
}
