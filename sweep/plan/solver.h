#pragma once

#include <optional>
#include <string>

namespace orrery::sweep {

// COIN-OR's solver of integer programs, the program `cbc` (Debian: coinor-cbc): where $ORRERY_CBC
// says, or on the PATH. Nothing where it is not.
std::optional<std::string> find_solver();

// What `solver` writes down of a program in CPLEX's LP format, within so many nodes of its search (and not
// seconds, so that an answer does not hang on the machine): the best it has by then, at most a thousandth off
// the optimum if it came to an end. Nothing where it could not be run, or has no solution to tell.
std::optional<std::string> solve(const std::string& solver, const std::string& program, int nodes);

}  // namespace orrery::sweep
