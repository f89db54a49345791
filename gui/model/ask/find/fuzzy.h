#pragma once

#include <string_view>

namespace orrery::gui {

// How well what was typed fits a name: all of its letters in order, better where
// they are together and at the beginning of words. 0: it does not fit.
int fuzzy_score(std::string_view typed, std::string_view name);

}  // namespace orrery::gui
