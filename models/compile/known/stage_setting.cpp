#include "models/compile/known/stage_setting.h"

namespace orrery::models {
namespace {

TrainingSpec without_samples(TrainingSpec training) {
  training.sequence_length = training.global_batch = training.micro_batch = 0;
  return training;
}

}  // namespace

StageSetting::StageSetting(const Scenario& s, const Schedule& schedule)
    : model_(s.model),
      cluster_(s.cluster),
      training_(without_samples(s.training)),
      layout_(s.layout),
      pipeline_(s.pipeline),
      overlap_(s.overlap),
      software_(s.software),
      placement_(schedule.placement),
      turn_(schedule.turn),
      micro_batches_(schedule.request.micro_batches),
      order_(schedule.order) {}

// What differs most often comes first. What else a schedule says follows from the names of pipeline_.
bool StageSetting::is_of(const Scenario& s, const Schedule& schedule) const {
  return layout_ == s.layout && pipeline_ == s.pipeline && overlap_ == s.overlap &&
         micro_batches_ == schedule.request.micro_batches && placement_ == schedule.placement &&
         turn_ == schedule.turn && training_ == without_samples(s.training) && software_ == s.software &&
         model_ == s.model && cluster_ == s.cluster && order_ == schedule.order;
}

}  // namespace orrery::models
