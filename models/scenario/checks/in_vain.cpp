// What a scenario says and nothing listens to: accepted, since sweeps come by such values, and told. What a preset or a
// stack says in passing is not: only what the person wrote.
#include "models/layout/sharding.h"
#include "models/scenario/reading.h"

namespace orrery::models {
namespace {

class InVain {
 public:
  explicit InVain(Reading& reading) : reading_(reading) {}
  void routing();
  void latent_attention();
  void layer_table();
  void sharding();

 private:
  bool asked(std::string_view key) const;
  void tell(std::string_view key, const std::string& what) {
    reading_.scenario.warnings.push_back(std::string(key) + what);
  }
  void tell_if_asked(std::string_view key, const std::string& what) {
    if (asked(key)) tell(key, what);
  }

  Reading& reading_;
  const Scenario& scenario_ = reading_.scenario;
};

bool InVain::asked(std::string_view key) const {
  if (!reading_.written(key)) return false;
  const std::string& file = reading_.at(key).file;
  return file == scenario_.file || file.starts_with("--set");
}

void InVain::routing() {
  if (!scenario_.model.moe || !reading_.knows({"model.moe.routing", "model.moe.skew"})) return;
  const MoeSpec& moe = *scenario_.model.moe;
  if (moe.routing == "balanced" && moe.skew > 0) tell("model.moe.skew", " has no effect where routing is balanced");
  if (moe.routing == "zipf" && moe.skew == 0)
    tell("model.moe.routing", ": zipf with skew 0 is balanced; skew 1 is Zipf's law");
  if (moe.routing != "balanced" && moe.capacity_factor > 0)
    tell("model.moe.routing",
         " has no effect beside capacity_factor, which gives every expert as many slots, filled or not");
}

void InVain::latent_attention() {
  if (scenario_.model.mla)
    tell_if_asked("model.kv_heads", " has no effect beside latent attention, where every head has its own");
}

void InVain::layer_table() {
  if (scenario_.model.table.empty()) return;
  for (const char* key : {"training.attention", "training.dropout"})
    tell_if_asked(key, " has no effect on a layer table, which says itself what its layers do and keep");
}

void InVain::sharding() {
  if (!reading_.knows({"layout.dp", "layout.cp", "layout.zero", "layout.fsdp"})) return;
  const Sharding dense = models::sharding(scenario_.layout);
  if (dense.parameters)
    tell_if_asked("overlap.bucket_size",
                  " has no effect where parameters are gathered unit by unit (fsdp, zero 3): a unit is a layer");
  else if (!dense.optimizer && scenario_.training.gather)
    tell_if_asked("training.precision", ": gather has no effect where replicas split nothing (zero 0, or one replica)");
}

}  // namespace

void tell_what_is_in_vain(Reading& reading) {
  InVain vain(reading);
  vain.routing();
  vain.latent_attention();
  vain.layer_table();
  vain.sharding();
}

}  // namespace orrery::models
