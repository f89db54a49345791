#pragma once

#include <string>

#include "sim/base/result.h"

namespace orrery::interop {

// The bytes of a file of at most 64 MiB. A missing or unreadable file is a Fault::io.
Result<std::string> read_text(const std::string& path);

}  // namespace orrery::interop
