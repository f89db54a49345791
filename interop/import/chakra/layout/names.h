#pragma once

#include <string>
#include <string_view>

namespace orrery::interop::chakra {

// What generators put into the names of nodes. Known: the converter of ASTRA-sim's text
// files (COMP_NODE_conv1_BWD_WG), symbolic tensor graphs (mb1.transformer.3.mlp.dw1@0_COMP)
// and words that people choose (fc1_forward).
struct NodeName {
  enum class Pass : char { unknown, forward, backward, update };
  Pass pass = Pass::unknown;
  std::string layer;         // the same for the passes of one layer
  std::string repeated;      // the name without the number of its micro-batch
  bool micro_batch = false;  // it has such a number
};

NodeName name_of(std::string_view name);

}  // namespace orrery::interop::chakra
