#pragma once

#include "models/compile/pieces/chunks.h"

namespace orrery::models {

// Whether pieces, of one setting (stage_setting.h), differ in no more than parameters, sizes and times: they have the
// same steps, whose kernels stand at the same places of their table.
bool alike(const Chunks& some, const Chunks& others);

// Of such pieces: whether they have the same parameters.
bool same_parameters(const Chunks& some, const Chunks& others);

}  // namespace orrery::models
