// The reader of calibration files on any bytes: it answers, and what it accepts
// comes back unchanged through the writer.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "models/compute/calibration/calibration.h"
#include "validate/calibration/writer.h"

namespace {

using namespace orrery;

void must(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = models::parse_calibration(text, "fuzz.json");
  if (!read) return must(!read.errors().empty()), 0;
  // Times are rounded to picoseconds on the way out, so the second text is compared with the third.
  const std::string once = validate::calibration_json(*read);
  const auto again = models::parse_calibration(once, "fuzz.json");
  must(again.ok() && validate::calibration_json(*again) == once);
  return 0;
}
