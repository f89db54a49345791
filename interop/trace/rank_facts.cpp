#include "interop/trace/rank_facts.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace orrery::interop {
namespace {

struct Part {
  std::string_view name;
  std::uint32_t RankPlace::*member;
};
constexpr std::array<Part, 6> kParts = {{{"node", &RankPlace::node},
                                         {"pp", &RankPlace::pp},
                                         {"dp", &RankPlace::dp},
                                         {"cp", &RankPlace::cp},
                                         {"tp", &RankPlace::tp},
                                         {"ep", &RankPlace::ep}}};

// The number of the label "tp 3".
std::optional<std::uint32_t> number_of(std::string_view label, std::string_view name) {
  if (!label.starts_with(name) || label.size() < name.size() + 2 || label[name.size()] != ' ') return std::nullopt;
  std::uint32_t number = 0;
  const char* const end = label.data() + label.size();
  const auto read = std::from_chars(label.data() + name.size() + 1, end, number);
  return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string labels_of(const RankPlace& place) {
  std::string labels;
  for (const Part& part : kParts)
    labels += (labels.empty() ? "" : ", ") + std::string(part.name) + " " + std::to_string(place.*part.member);
  return labels;
}

PlacedLabels place_in(std::string_view labels) {
  constexpr std::string_view kBetween = ", ";
  RankPlace place;
  PlacedLabels placed;
  std::array<bool, kParts.size()> found{};
  for (std::size_t from = 0; from <= labels.size();) {
    const std::size_t to = std::min(labels.find(kBetween, from), labels.size());
    const std::string_view label = labels.substr(from, to - from);
    from = to + kBetween.size();
    const auto part = std::find_if(kParts.begin(), kParts.end(), [&](const Part& p) {
      return !found[static_cast<std::size_t>(&p - kParts.data())] && number_of(label, p.name);
    });
    if (part == kParts.end()) {
      (placed.rest += placed.rest.empty() ? "" : kBetween) += label;
      continue;
    }
    found[static_cast<std::size_t>(part - kParts.begin())] = true;
    place.*part->member = *number_of(label, part->name);
  }
  if (std::all_of(found.begin(), found.end(), [](bool f) { return f; }))
    placed.place = place;
  else
    placed.rest = labels;
  return placed;
}

}  // namespace orrery::interop
