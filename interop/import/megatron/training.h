#pragma once

#include "interop/import/draft.h"
#include "interop/import/settings.h"

namespace orrery::interop {

// How Megatron-LM's options train: batches, precision, recomputation, optimizer, attention, dropout.
void set_megatron_training(Settings& settings, Draft& draft);

}  // namespace orrery::interop
