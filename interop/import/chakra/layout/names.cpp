#include "interop/import/chakra/layout/names.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace orrery::interop::chakra {
namespace {

using Pass = NodeName::Pass;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// "mb3." in front of a copy that a micro-batch runs.
std::string_view without_micro_batch(std::string_view name) {
  const std::size_t dot = name.find('.');
  const bool numbered = dot != std::string_view::npos && name.starts_with("mb") && is_number(name.substr(2, dot - 2));
  return numbered ? name.substr(dot + 1) : name;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Parts between '_', '.', '-', '/', ':' and blanks, with where each begins.
struct Part {
  std::string_view text;
  std::size_t at;
};

std::vector<Part> parts_of(std::string_view name, std::string_view between) {
  std::vector<Part> parts;
  std::size_t begin = 0;
  while (begin <= name.size()) {
    const std::size_t end = std::min(name.find_first_of(between, begin), name.size());
    if (end > begin) parts.push_back({name.substr(begin, end - begin), begin});
    begin = end + 1;
  }
  return parts;
}

Pass pass_of_word(const std::string& word) {
  constexpr std::string_view kForward[] = {"fwd", "forward", "fprop"};
  constexpr std::string_view kBackward[] = {"bwd", "backward", "bprop", "grad", "gradient", "dgrad", "wgrad"};
  constexpr std::string_view kUpdate[] = {"optimizer", "optim", "adam", "sgd", "update"};
  const auto among = [&](const auto& words) {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
  };
  if (among(kForward)) return Pass::forward;
  if (among(kBackward)) return Pass::backward;
  return among(kUpdate) ? Pass::update : Pass::unknown;
}

// Words that only say which of the backward products it is: BWD_IG, input_grad.
bool of_product(const std::vector<std::string>& words, std::size_t i) {
  if (words[i] == "ig" || words[i] == "wg") return i > 0 && pass_of_word(words[i - 1]) == Pass::backward;
  const bool operand = words[i] == "input" || words[i] == "weight";
  return operand && i + 1 < words.size() && words[i + 1].starts_with("grad");
}

// Tensors of a symbolic graph, "transformer.3.mlp.dw1@0": a gradient begins with d, what a
// weight becomes after its update has a revision above 0. A layer is all up to its number.
NodeName of_tensor(std::string_view name, std::size_t revision) {
  NodeName named;
  const std::string_view tensor = name.substr(0, revision);
  const std::vector<Part> parts = parts_of(tensor, "._");
  if (parts.empty()) return named;
  const Part& last = parts.back();
  const auto number = std::find_if(parts.begin(), parts.end(), [](const Part& p) { return is_number(p.text); });
  if (number != parts.end())
    named.layer = tensor.substr(0, number->at + number->text.size());
  else
    named.layer = last.at > 0 ? tensor.substr(0, last.at - 1) : tensor;
  const bool updated = last.text.front() == 'w' && revision + 1 < name.size() && is_digit(name[revision + 1]) &&
                       name[revision + 1] != '0';
  named.pass = updated ? Pass::update : last.text.front() == 'd' ? Pass::backward : Pass::forward;
  return named;
}

// Names in which a word says the pass; the layer is what the other words say.
NodeName of_words(std::string_view name) {
  for (std::string_view prefix : {"COMP_NODE_", "COMM_COLL_NODE_"})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  NodeName named;
  const std::vector<Part> parts = parts_of(name, "_.-/: ");
  std::vector<std::string> words;
  for (const Part& part : parts) words.push_back(lowered(part.text));
  for (std::size_t i = 0; i < words.size(); ++i) {
    const Pass pass = pass_of_word(words[i]);
    if (pass != Pass::unknown)
      named.pass = pass;
    else if (!of_product(words, i))
      named.layer += (named.layer.empty() ? "" : "_") + std::string(parts[i].text);
  }
  return named;
}

}  // namespace

NodeName name_of(std::string_view name) {
  const std::string_view plain = without_micro_batch(name);
  const std::size_t revision = plain.find('@');
  NodeName named = revision != std::string_view::npos ? of_tensor(plain, revision) : of_words(plain);
  named.repeated = plain;
  named.micro_batch = plain.size() < name.size();
  return named;
}

}  // namespace orrery::interop::chakra
