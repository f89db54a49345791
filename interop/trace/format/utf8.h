#pragma once

#include <string>
#include <string_view>

namespace orrery::interop {

// Length of the well-formed UTF-8 sequence that starts `text`; 0 if there is none.
std::size_t utf8_length(std::string_view text);

// Printable ASCII only: what nearly every text of a trace is.
bool is_plain(std::string_view text);

// Appends `text` with every byte that is not UTF-8 as U+FFFD, at most three times as long.
void append_utf8(std::string& to, std::string_view text);

}  // namespace orrery::interop
