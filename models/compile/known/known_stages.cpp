#include "models/compile/known/known_stages.h"

#include <algorithm>
#include <numeric>

namespace orrery::models {
namespace {

bool overlaps(const Schedule& schedule) {
  return std::any_of(schedule.order.begin(), schedule.order.end(), [](const std::vector<Action>& actions) {
    return std::any_of(actions.begin(), actions.end(),
                       [](const Action& action) { return action.type == Action::Type::overlap; });
  });
}

// Not of programs whose numbers are of more kinds than KnownStage knows: labels that name layers, activations that
// leave for the host, kernels that slots slow down, copies of parameters by tensors.
bool may_be_known(const Scenario& s, const Schedule& schedule, Form form) {
  return form == Form::with_calls && flushes(schedule) && s.layout.stage_replicas.empty() && !s.layout.offload.any() &&
         s.software.gather_copies == 0 && !overlaps(schedule);
}

}  // namespace

std::optional<StageProgram> KnownStages::Setting::find(const StageContext& context, const Chunks& chunks) {
  const auto known =
      std::find_if(stages_.begin(), stages_.end(), [&](const Kept& kept) { return kept.stage.rank() == context.rank; });
  if (known == stages_.end()) return std::nullopt;
  std::optional<StageProgram> stage = known->stage.renewed(context, chunks, blocks_);
  if (!stage) {
    stages_.erase(known);
    return stage;
  }
  forms_.add(known->form, stage->program);
  ++found_;
  return stage;
}

void KnownStages::Setting::keep(const StageContext& context, Chunks chunks, const StageProgram& written) {
  if (times_ < 2 || stages_.size() == kMostStages) return;
  std::optional<KnownStage> stage = KnownStage::of(context, std::move(chunks), written);
  if (!stage) return;
  if (!stages_.empty()) stage->share_blocks(stages_.back().stage);  // stages in the middle have the same
  stages_.push_back({std::move(*stage), forms_.of(written.program)});
}

KnownStages::Setting* KnownStages::of(const Scenario& scenario, const Schedule& schedule, Form form) {
  if (!may_be_known(scenario, schedule, form)) return nullptr;
  auto known = std::find_if(settings_.begin(), settings_.end(),
                            [&](const Setting& setting) { return setting.is_of(scenario, schedule); });
  if (known == settings_.end()) {
    while (size() >= kMostStages) settings_.pop_front();
    known = settings_.emplace(settings_.end(), scenario, schedule, *forms_);
  }
  known->come_up();
  settings_.splice(settings_.end(), settings_, known);
  return &*known;
}

std::size_t KnownStages::size() const {
  return std::accumulate(settings_.begin(), settings_.end(), std::size_t{0},
                         [](std::size_t sum, const Setting& setting) { return sum + setting.size(); });
}

std::size_t KnownStages::found() const {
  return std::accumulate(settings_.begin(), settings_.end(), std::size_t{0},
                         [](std::size_t sum, const Setting& setting) { return sum + setting.found(); });
}

}  // namespace orrery::models
