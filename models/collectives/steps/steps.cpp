#include "models/collectives/steps/steps.h"

#include <algorithm>

namespace orrery::models {

double most_sent(const Steps& steps, int ranks) {
  std::vector<double> sent(static_cast<std::size_t>(ranks), 0);
  for (const Step& step : steps)
    for (const Message& m : step.messages) sent[m.from] += step.times * m.bytes;
  return sent.empty() ? 0 : *std::max_element(sent.begin(), sent.end());
}

int count(const Steps& steps) {
  int sum = 0;
  for (const Step& step : steps) sum += step.times;
  return sum;
}

}  // namespace orrery::models
