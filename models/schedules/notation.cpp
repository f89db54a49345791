#include "models/schedules/notation.h"

namespace orrery::models {

std::string to_string(const Action& action) {
  std::string text = std::to_string(action.stage);
  text += static_cast<char>(action.type);
  text += std::to_string(action.micro_batch);
  return text;
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
