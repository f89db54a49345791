#pragma once

#include <algorithm>

#include "interop/trace/read/chrome/plain_event.h"

namespace orrery::interop {

inline bool same(const TraceArgument& a, const TraceArgument& b) {
  if (a.key != b.key || a.value.index() != b.value.index()) return false;
  if (const auto* json = std::get_if<TraceJson>(&a.value)) return json->text == std::get<TraceJson>(b.value).text;
  if (const auto* text = std::get_if<std::string_view>(&a.value)) return *text == std::get<std::string_view>(b.value);
  if (const auto* real = std::get_if<double>(&a.value)) return *real == std::get<double>(b.value);
  if (const auto* flag = std::get_if<bool>(&a.value)) return *flag == std::get<bool>(b.value);
  return std::get<std::int64_t>(a.value) == std::get<std::int64_t>(b.value);
}

inline bool same(const ChromeEvent& a, const ChromeEvent& b) {
  const auto same_id = [](const ChromeId& x, const ChromeId& y) { return x.text == y.text && x.number == y.number; };
  return a.phase == b.phase && a.when == b.when && a.duration == b.duration && same_id(a.process, b.process) &&
         same_id(a.thread, b.thread) && a.name == b.name && a.category == b.category && a.id == b.id &&
         a.bound_to_enclosing == b.bound_to_enclosing &&
         std::equal(a.arguments.begin(), a.arguments.end(), b.arguments.begin(), b.arguments.end(),
                    [](const TraceArgument& x, const TraceArgument& y) { return same(x, y); });
}

// What the quick parser takes of `text`; none where the careful one says something else of it.
inline std::optional<std::size_t> taken_alike(std::string_view text, bool keep_all) {
  PlainEventParser quick;
  ChromeEventParser careful;
  quick.keep_all(keep_all);
  careful.keep_all(keep_all);
  ChromeEvent a, b;
  const std::size_t length = quick.parse(text, a);
  if (length == 0) return 0;
  if (!careful.parse(text.substr(0, length), b).empty() || !same(a, b)) return {};
  return length;
}

}  // namespace orrery::interop
