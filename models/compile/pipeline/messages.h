#pragma once

#include <algorithm>
#include <vector>

#include "models/scenario/scenario.h"

namespace orrery::models {

// What each virtual stage hands to the next, as a rank sends it: of a transformer the last layer's hidden states, of a
// table what each rank has of its last layer's output.
struct Messages {
  explicit Messages(const Scenario& scenario);

  std::vector<int> degrees;  // by virtual stage: of tensor parallelism, where it ends
  std::vector<Bytes> bytes;  // by virtual stage: its output

  Bytes largest() const { return *std::max_element(bytes.begin(), bytes.end()); }
};

// Whether a receiver gathers what the ranks of a stage that ends at `degree` have sent a part of each (scatter_gather);
bool gathers_input(const Scenario& scenario, int degree);
// and what that comes to: everything of the samples that a rank has at `degree`.
Bytes whole_message(const Scenario& scenario, int degree);

}  // namespace orrery::models
