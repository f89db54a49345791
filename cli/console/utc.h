#pragma once

#include <string>

namespace orrery::cli {

// "2026-11-25T22:30:00Z".
std::string now_utc();

}  // namespace orrery::cli
