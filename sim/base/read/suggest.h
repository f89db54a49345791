#pragma once

#include <span>
#include <string>
#include <string_view>

namespace orrery {

// The candidate nearest to `word` when its edit distance is at most
// max(1, length/3), else empty. Ties go to the earlier candidate.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// "; did you mean 'X'?" or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace orrery
