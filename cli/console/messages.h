#pragma once

#include <string>

#include "sim/base/result.h"

namespace orrery::cli {

// Everything for people who made a mistake, on standard error.

// One line: "orrery: <text>".
void complain(const std::string& text);

// Every error with its place, the line it stands on and a caret:
//
//   scenario.yaml:14:3: error: unknown key 'tensor_paralel'; did you mean …?
//      14 |   tensor_paralel: 8
//         |   ^~~~~~~~~~~~~~
//
// Returns the exit status they lead to: 5 when something could not be opened, else 3.
int report(const Errors& errors);

// As report() prints one of them; `source` is the text of the line, if known.
std::string format_error(const Error& error, const std::string& source);

}  // namespace orrery::cli
