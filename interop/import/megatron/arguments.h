#pragma once

#include <string_view>
#include <vector>

#include "interop/import/bash/script.h"
#include "interop/import/formats.h"
#include "interop/import/settings.h"

namespace orrery::interop {

// Whether an option of Megatron-LM says nothing of what a step costs.
bool costs_nothing(std::string_view name);

// "--name value value": values up to the next option are one text.
void put_arguments(const std::vector<ScriptWord>& words, Settings& settings);

// "  num_layers ........ 96" of a log's block of arguments. False options are left out. Whether there was any.
bool put_log(const ForeignText& source, Settings& settings);

}  // namespace orrery::interop
