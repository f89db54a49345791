#include "interop/import/bash/script.h"

#include <algorithm>
#include <optional>

#include "interop/import/bash/expand.h"
#include "interop/import/bash/words.h"
#include "sim/base/text.h"

namespace orrery::interop {
namespace {

constexpr std::size_t kMostWords = 20'000;  // of one array or of all command lines
constexpr std::size_t kMostNesting = 64;    // of if … fi

struct Assignment {
  std::string name;
  std::string_view value;
  bool append = false;
};

std::optional<Assignment> assignment_of(std::string_view text) {
  const std::size_t n = name_length(text);
  if (n == 0) return std::nullopt;
  const bool append = text.substr(n).starts_with("+=");
  if (!append && !text.substr(n).starts_with("=")) return std::nullopt;
  return Assignment{std::string(text.substr(0, n)), text.substr(n + (append ? 2 : 1)), append};
}

std::vector<std::string> split(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  std::vector<std::string> parts;
  for (std::size_t at = text.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kBlank, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kBlank, end);
  }
  return parts;
}

}  // namespace

class ScriptReader {
 public:
  ScriptReader(BashScript& script, const std::string& file)
      : script_(script), file_(file), expander_(script.variables_) {}

  void run(const std::vector<BashCommand>& commands) {
    for (const BashCommand& command : commands) run(command, 0);
  }

 private:
  // One `if`: whether its present branch is read, and whether one was taken already.
  struct Branch {
    bool active = false, done = false;
  };

  bool active() const {
    return loops_ == 0 && std::all_of(branches_.begin(), branches_.end(), [](const Branch& b) { return b.active; });
  }

  void run(const BashCommand& command, std::size_t first) {
    for (; first < command.size(); ++first) {
      const std::string& word = command[first].text;
      if (word == "then" || word == "do") continue;
      if (word == "for" || word == "while" || word == "until" || word == "case") return begin_loop(command[first]);
      if (word == "done" || word == "esac") return void(loops_ -= loops_ > 0);
      if (loops_ > 0) return;
      if (word == "if") return begin_if(command, first);
      if (word == "elif") return else_if(command, first);
      if (word == "fi") return branches_.empty() ? void() : branches_.pop_back();
      if (word != "else") return active() ? execute(command, first) : void();
      otherwise();
    }
  }

  void note(int line, const std::string& what) {
    if (script_.notes_.size() < 100) script_.notes_.push_back(file_ + ":" + std::to_string(line) + ": " + what);
  }

  void begin_loop(const BashWord& word) {
    if (loops_++ == 0 && active_outside_loops()) note(word.line, "a '" + word.text + "' was left out");
  }
  bool active_outside_loops() const {
    return std::all_of(branches_.begin(), branches_.end(), [](const Branch& b) { return b.active; });
  }

  void begin_if(const BashCommand& command, std::size_t first) {
    if (branches_.size() >= kMostNesting) return begin_loop(command[first]);  // nobody writes that: left out to the end
    const bool decides = active();
    branches_.push_back({});
    if (decides)
      decide(command, first + 1);
    else
      branches_.back().done = true;
  }

  void else_if(const BashCommand& command, std::size_t first) {
    if (branches_.empty()) return;
    Branch& branch = branches_.back();
    branch.active = false;
    if (!branch.done) decide(command, first + 1);
  }

  void otherwise() {
    if (branches_.empty()) return;
    Branch& branch = branches_.back();
    branch.active = !branch.done;
    branch.done = true;
  }

  // An undecided condition leaves out everything that hangs on it.
  void decide(const BashCommand& command, std::size_t first) {
    Branch& branch = branches_.back();
    const std::optional<bool> holds = condition(command, first);
    if (!holds) note(command.front().line, "a condition that only a run decides; what it guards was left out");
    branch.active = holds.value_or(false);
    branch.done = branch.active || !holds;
  }

  // [ A == B ] || [[ -z C ]] …, from left to right.
  std::optional<bool> condition(const BashCommand& command, std::size_t at) {
    std::optional<bool> result;
    std::string joint;
    while (at < command.size()) {
      const std::string& open = command[at].text;
      if (open != "[" && open != "[[" && open != "test") return std::nullopt;
      std::vector<std::string> words;
      for (++at; at < command.size() && command[at].text != "]" && command[at].text != "]]" &&
                 command[at].text != "&&" && command[at].text != "||";
           ++at)
        words.push_back(expander_.expand(command[at].text));
      if (at < command.size() && command[at].text.starts_with("]")) ++at;
      const std::optional<bool> one = test(words);
      if (joint.empty())
        result = one;
      else if (!result || !one)
        result = std::nullopt;
      else
        result = joint == "||" ? *result || *one : *result && *one;
      if (at >= command.size() || command[at].text == "then") break;
      joint = command[at++].text;
      if (joint != "||" && joint != "&&") return std::nullopt;
    }
    return result;
  }

  // A word that could not be expanded is an unset variable: empty, as bash has it.
  static bool is_unset(const std::string& word) { return word.find('$') != std::string::npos; }

  static std::optional<bool> test(std::vector<std::string> words) {
    const bool negated = !words.empty() && words[0] == "!";
    if (negated) words.erase(words.begin());
    std::optional<bool> holds;
    if (words.size() == 2 && words[0] == "-z") holds = words[1].empty() || is_unset(words[1]);
    if (words.size() == 2 && words[0] == "-n") holds = !words[1].empty() && !is_unset(words[1]);
    if (words.size() == 3 && !is_unset(words[0]) && !is_unset(words[2])) {
      if (words[1] == "==" || words[1] == "=" || words[1] == "-eq") holds = words[0] == words[2];
      if (words[1] == "!=" || words[1] == "-ne") holds = words[0] != words[2];
    }
    return holds && negated ? !*holds : holds;
  }

  void execute(const BashCommand& command, std::size_t first) {
    for (std::string_view prefix : {"export", "local", "readonly", "declare"})
      if (command[first].text == prefix) ++first;
    std::size_t at = first;
    while (at < command.size() && assign(command[at])) ++at;
    if (at >= command.size()) return;
    if (command[at].text == "." || command[at].text == "source") return;  // to be given beside it
    std::vector<ScriptWord> words;
    for (; at < command.size(); ++at) expand_into(command[at], words);
    const auto is_option = [](const ScriptWord& w) { return w.text.starts_with("--"); };
    if (std::none_of(words.begin(), words.end(), is_option)) return;
    append(script_.command_words_, words);
  }

  void append(std::vector<ScriptWord>& to, const std::vector<ScriptWord>& words) {
    for (const ScriptWord& word : words) {
      if (to.size() >= kMostWords || !expander_.spend(word.text.size() + sizeof word)) return;
      to.push_back(word);
    }
  }

  bool assign(const BashWord& word) {
    const std::optional<Assignment> assignment = assignment_of(word.text);
    if (!assignment) return false;
    std::vector<ScriptWord> words;
    if (word.is_array)
      for (const BashWord& item : word.items) expand_into(item, words);
    else
      words.push_back({expander_.expand(assignment->value), {file_, word.line, 0}});
    auto& variables = script_.variables_;
    if (!variables.count(assignment->name)) script_.order_.push_back(assignment->name);
    std::vector<ScriptWord>& known = variables[assignment->name];
    if (!assignment->append) known.clear();
    append(known, words);
    return true;
  }

  // "${ARGS[@]}" is as many words as the array has; anything else is split at blanks,
  // since scripts write an option and its value in one pair of quotes.
  void expand_into(const BashWord& word, std::vector<ScriptWord>& words) {
    std::string_view text = word.text;
    if (text.starts_with("${") && (text.ends_with("[@]}") || text.ends_with("[*]}"))) {
      const auto found = script_.variables_.find(std::string(text.substr(2, text.size() - 6)));
      if (found != script_.variables_.end()) return append(words, found->second);
    }
    for (std::string& part : split(expander_.expand(text))) words.push_back({std::move(part), {file_, word.line, 0}});
  }

  BashScript& script_;
  const std::string& file_;
  std::vector<Branch> branches_;
  int loops_ = 0;
  BashExpander expander_;
};

Errors BashScript::read(std::string_view text, const std::string& file) {
  if (const std::optional<Error> fault = check_encoding(text, file)) return {*fault};
  const auto commands = bash_commands(text, file);
  if (!commands) return commands.errors();
  ScriptReader(*this, file).run(*commands);
  return {};
}

std::string BashScript::variable(const std::string& name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() || found->second.empty() ? "" : found->second.front().text;
}

std::vector<ScriptWord> BashScript::arguments() const {
  const auto has_model = [](const std::vector<ScriptWord>& words) {
    return std::any_of(words.begin(), words.end(),
                       [](const ScriptWord& w) { return w.text.starts_with("--num-layers"); });
  };
  if (has_model(command_words_)) return command_words_;
  std::vector<ScriptWord> words = command_words_;
  for (const std::string& name : order_)
    for (const ScriptWord& value : variables_.at(name)) {
      if (words.size() > kMostWords || value.text.find("--") == std::string::npos) continue;
      for (std::string& part : split(value.text)) words.push_back({std::move(part), value.where});
    }
  return words;
}

}  // namespace orrery::interop
