#include "interop/trace/analysis/transfer_arguments.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace orrery::interop {
namespace {

std::optional<double> number(const TraceArgument& argument) {
  if (const auto* n = std::get_if<std::int64_t>(&argument.value)) return static_cast<double>(*n);
  if (const auto* x = std::get_if<double>(&argument.value); x && std::isfinite(*x)) return *x;
  return {};
}

Duration waited(const TraceArgument& argument, double ps) {
  const double length = number(argument).value_or(0) * ps;
  return length > 0 && length < 1e18 ? Duration::ps(std::llround(length)) : Duration();
}

// Names of types as PyTorch spells them in its traces.
std::int64_t bytes_of(std::string_view dtype) {
  struct Type {
    std::string_view name;
    std::int64_t bytes;
  };
  constexpr std::array kTypes = {Type{"BFloat16", 2}, Type{"Half", 2},          Type{"Float", 4},
                                 Type{"Double", 8},   Type{"Long", 8},          Type{"Int", 4},
                                 Type{"Short", 2},    Type{"Byte", 1},          Type{"Char", 1},
                                 Type{"Bool", 1},     Type{"Float8_e4m3fn", 1}, Type{"Float8_e5m2", 1}};
  const auto found = std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& type) { return type.name == dtype; });
  return found == kTypes.end() ? 0 : found->bytes;
}

}  // namespace

TransferArguments transfer_arguments(std::span<const TraceArgument> arguments) {
  constexpr double kMostBytes = 1e15;
  TransferArguments found;
  double elements = 0;
  std::int64_t element_bytes = 0;
  for (const TraceArgument& argument : arguments) {
    const auto* text = std::get_if<std::string_view>(&argument.value);
    const double n = number(argument).value_or(-1);
    if (argument.key == "transfer" || argument.key == "Collective name") {
      if (text) found.kind = *text;
    } else if (argument.key == "bytes") {
      if (n >= 0 && n < kMostBytes) found.bytes = Bytes{static_cast<std::int64_t>(n)};
    } else if (argument.key == "waited_us") {
      found.waited = waited(argument, 1e6);
    } else if (argument.key == "waited_ns") {
      found.waited = waited(argument, 1e3);
    } else if (argument.key == "step") {
      if (n >= 0 && n < 1e9) found.step = static_cast<std::int64_t>(n);
    } else if (argument.key == "In msg nelems" || argument.key == "Out msg nelems") {
      elements = std::max(elements, n);
    } else if (argument.key == "dtype" && text) {
      element_bytes = bytes_of(*text);
    }
  }
  if (!found.bytes && element_bytes > 0 && elements > 0 && elements < kMostBytes)
    found.bytes = Bytes{static_cast<std::int64_t>(elements) * element_bytes};
  return found;
}

}  // namespace orrery::interop
