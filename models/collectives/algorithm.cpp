#include "models/collectives/algorithm.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace orrery::models {
namespace {

constexpr std::array<std::string_view, kAlgorithms> kAlgorithmNames = {
    "none",     "ring",        "tree",     "nvls",     "nvls-tree", "collnet-direct",     "collnet-chain",    "pat",
    "pairwise", "fan",         "send",     "copy",     "two-level", "recursive-doubling", "halving-doubling", "bruck",
    "binomial", "torus-rings", "one-shot", "two-shot", "written"};
constexpr std::array<std::string_view, kProtocols> kProtocolNames = {"LL", "LL128", "Simple"};

// "NVLS_Tree", "nvls-tree" and "NVLSTree" are one name.
std::string letters(std::string_view name) {
  std::string plain;
  for (const char c : name)
    if (c != '-' && c != '_') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return plain;
}

template <class Enum>
std::optional<Enum> find(std::span<const std::string_view> names, std::string_view name) {
  const auto same = [&](std::string_view known) { return letters(known) == letters(name); };
  const auto at = std::find_if(names.begin(), names.end(), same);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

}  // namespace

std::string_view to_string(Algorithm algorithm) {
  return kAlgorithmNames[static_cast<std::size_t>(algorithm)];
}

std::string_view to_string(Protocol protocol) {
  return kProtocolNames[static_cast<std::size_t>(protocol)];
}

std::optional<Algorithm> algorithm_from(std::string_view name) {
  const auto found = find<Algorithm>(kAlgorithmNames, name);
  const bool by_name = found != Algorithm::none && found != Algorithm::written;
  return by_name ? found : std::nullopt;
}

std::vector<std::string> algorithm_names() {
  return {"ring",
          "tree",
          "nvls",
          "nvls-tree",
          "collnet-direct",
          "collnet-chain",
          "pat",
          "pairwise",
          "two-level",
          "recursive-doubling",
          "halving-doubling",
          "bruck",
          "binomial",
          "torus-rings",
          "one-shot",
          "two-shot"};
}

std::optional<Protocol> protocol_from(std::string_view name) {
  return find<Protocol>(kProtocolNames, name);
}

std::uint32_t Method::pack() const {
  return static_cast<std::uint32_t>(algorithm) | static_cast<std::uint32_t>(protocol) << 8 |
         static_cast<std::uint32_t>(channels) << 16;
}

std::uint8_t claim_of(const Method& method) {
  if (method.algorithm == Algorithm::none || method.algorithm == Algorithm::copy) return 0;
  return static_cast<std::uint8_t>(std::clamp(method.channels, 1, 64));
}

Method Method::unpack(std::uint32_t packed) {
  return {static_cast<Algorithm>(packed & 0xff), static_cast<Protocol>(packed >> 8 & 0xff),
          static_cast<int>(packed >> 16)};
}

}  // namespace orrery::models
