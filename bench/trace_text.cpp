#include "bench/trace_text.h"

namespace orrery::bench {
namespace {

constexpr std::int64_t kSince1970 = 1'682'725'898'236'567;  // us

std::string arguments(Said said, int i) {
  const auto number = [&](int n) { return std::to_string(n); };
  switch (said) {
    case Said::step:
      return R"("step":0,"action":"F","micro_batch":)" + number(i % 32) + R"(,"chunk":0)";
    case Said::number:
      return R"("External id":)" + number(i) + R"(,"correlation":)" + number(40'000 + i) + R"(,"Input Dims":[[)" +
             number(i % 64) + ",4096],[]]";
    default:
      return {};
  }
}

}  // namespace

std::string chrome_json(const TraceText& what) {
  const std::int64_t first = what.since_1970 ? kSince1970 : 0;
  std::string text = "{\"traceEvents\":[";
  for (int i = 0; i < what.slices; ++i) {
    text += i > 0 ? ",\n{" : "{";
    text += "\"ph\":\"X\",\"pid\":" + std::to_string(i % 64) + ",\"tid\":" + std::to_string(i % 7) +
            ",\"ts\":" + std::to_string(first + std::int64_t{3} * i) + ".000" + std::to_string(100 + i % 900) +
            R"(,"dur":2.5,"name":"layer )" + std::to_string(i % 80) + R"( qkv","cat":"compute")";
    if (const std::string said = arguments(what.said, i); !said.empty()) text += ",\"args\":{" + said + "}";
    text += '}';
  }
  return text + "]}\n";
}

}  // namespace orrery::bench
