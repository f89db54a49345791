// Conditions of a sweep on any bytes: parsed or refused with a word, evaluated or refused.
#include <cstdint>
#include <cstdlib>

#include "sweep/expression.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace orrery;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto expression = sweep::Expression::parse(text, {"fuzz", 1, 1});
  if (!expression) return expression.errors().empty() ? std::abort(), 0 : 0;
  const auto value = expression->evaluate([](std::string_view name) -> std::optional<sweep::Value> {
    if (name.size() % 3 == 0) return true;
    if (name.size() % 3 == 1) return 2.5;
    return std::string(name);
  });
  if (!value && value.errors().empty()) std::abort();
  return 0;
}
