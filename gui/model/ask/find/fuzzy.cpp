#include "gui/model/ask/find/fuzzy.h"

#include <cctype>

namespace orrery::gui {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool begins_word(std::string_view name, std::size_t at) {
  return at == 0 || !std::isalnum(static_cast<unsigned char>(name[at - 1]));
}

}  // namespace

int fuzzy_score(std::string_view typed, std::string_view name) {
  constexpr int kLetter = 10, kTogether = 15, kWord = 10, kSkipped = 1;
  int score = 1;
  std::size_t at = 0;
  bool together = false;
  for (const char c : typed) {
    if (c == ' ') continue;
    const std::size_t from = at;
    while (at < name.size() && lower(name[at]) != lower(c)) ++at;
    if (at == name.size()) return 0;
    score += kLetter + (together && at == from ? kTogether : 0) + (begins_word(name, at) ? kWord : 0);
    score -= kSkipped * static_cast<int>(at - from);
    ++at;
    together = true;
  }
  return score > 1 ? score : 1;
}

}  // namespace orrery::gui
