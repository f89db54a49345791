#pragma once

#include "interop/import/chakra/read/world.h"

namespace orrery::interop::chakra {

// The ranks through which rank 0's samples pass, one a stage, and what they hand on.
struct Pipeline {
  std::vector<std::uint32_t> stages{0};
  std::vector<std::int64_t> handed;  // bytes of one message to the next stage
  std::string doubt;                 // why sends are no pipeline, or one that is not read
};

Pipeline pipeline_of(const World& world);

}  // namespace orrery::interop::chakra
