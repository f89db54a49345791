#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "interop/import/bash/expand.h"

namespace orrery::interop {

// What a bash script would hand to the programs it starts, as far as its text tells:
// assignments, arrays, `$((…))` and comparisons of texts are followed, nothing is run.
class BashScript {
 public:
  // Reads one more file; variables of those read before are known to it, and what
  // it reads again (`. CONFIG.sh`) may use what they set.
  Errors read(std::string_view text, const std::string& file);

  // Words of the command lines that carry --options; where there are none, of every
  // variable that does.
  std::vector<ScriptWord> arguments() const;

  // A variable's text; empty when it is not set.
  std::string variable(const std::string& name) const;

  // Conditions that could not be decided, loops that were left out.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  friend class ScriptReader;
  ScriptVariables variables_;
  std::vector<std::string> order_;  // in which variables were first set
  std::vector<ScriptWord> command_words_;
  std::vector<std::string> notes_;
};

}  // namespace orrery::interop
