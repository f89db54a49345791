#pragma once

#include <string>

#include "interop/import/draft.h"
#include "interop/import/settings.h"

namespace orrery::interop {

// The model that Megatron-LM's options describe, with its defaults where they are
// silent. Faults go to `settings`.
void set_megatron_model(Settings& settings, Draft& draft);

// The vocabulary as Megatron-LM pads it: after the layout is known. `tokenizer` is
// what the script calls it besides its options.
void set_megatron_vocabulary(Settings& settings, const std::string& tokenizer, Draft& draft);

}  // namespace orrery::interop
