#pragma once

namespace orrery::models {

// Counts a layer's products in the forward's order: outputs of the first, the third and so on are kept.
class EverySecond {
 public:
  bool keeps_next() { return keeps_ = !keeps_; }

 private:
  bool keeps_ = false;
};

}  // namespace orrery::models
