#include "models/schedules/notation.h"

namespace orrery::models {

namespace {

std::string name(int stage, Action::Type type, int micro_batch) {
  std::string text = std::to_string(stage);
  text += static_cast<char>(type);
  text += std::to_string(micro_batch);
  return text;
}

}  // namespace

std::string to_string(const Action& a) {
  if (a.type != Action::Type::overlap) return name(a.stage, a.type, a.micro_batch);
  return "(" + name(a.stage, Action::Type::forward, a.micro_batch) + ";" +
         name(a.backward_stage, Action::Type::backward, a.backward_micro_batch) + ")OVERLAP_F_B";
}

std::string schedule_csv(const Schedule& schedule) {
  std::string csv;
  for (const auto& order : schedule.order) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0) csv += ',';
      csv += to_string(order[i]);
    }
    csv += '\n';
  }
  return csv;
}

}  // namespace orrery::models
