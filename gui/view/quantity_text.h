#pragma once

#include <QString>
#include <cstdint>
#include <string_view>

namespace orrery::gui {

// "50.9 GiB", "371 GB/s", "12.3 k".
QString quantity_text(double value, std::string_view unit);
// "0.84 ms", or that there is none.
QString slack_text(std::int64_t ns);
inline QString q(std::string_view text) {
  return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace orrery::gui
