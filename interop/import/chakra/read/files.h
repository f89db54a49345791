#pragma once

#include <string>
#include <vector>

#include "sim/base/result.h"

namespace orrery::interop::chakra {

// The traces of all ranks: of a folder, of "prefix" or of one "prefix.RANK.et", which stands
// for those beside it. Several files are taken as they are. In the order of their ranks.
Result<std::vector<std::string>> trace_files(const std::vector<std::string>& named);

}  // namespace orrery::interop::chakra
