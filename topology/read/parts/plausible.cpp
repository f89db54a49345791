#include "topology/read/parts/plausible.h"

#include <charconv>

namespace orrery::topology {
namespace {

constexpr std::int64_t kGiga = 1'000'000'000, kTera = 1'000 * kGiga;
constexpr std::int64_t kGi = 1ll << 30;

// Wide of anything sold or announced by 2026: the smallest are a GTX 580 (3 GiB,
// 192 GB/s, 1.6 TFLOP/s), the largest a GB300 (288 GB, 8 TB/s, 15 PFLOP/s).
constexpr Bytes kLeastMemory{kGi / 2}, kMostMemory{8192 * kGi};
constexpr BytesPerSecond kLeastMemoryRate{50 * kGiga}, kMostMemoryRate{100 * kTera};
constexpr double kLeastPeak = 1e11, kMostPeak = 1e18;
// One port: 1 Gb/s Ethernet to 1.6 Tb/s.
constexpr BytesPerSecond kLeastPort{kGiga / 8}, kMostPort{200 * kGiga};
// NVLink 1 had 80 GB/s a GPU; ten times Blackwell's is further than anybody plans.
constexpr BytesPerSecond kLeastScaleUp{10 * kGiga}, kMostScaleUp{10 * kTera};

std::string shortest(double value) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 4);
  return {text, end};
}

std::string with_prefix(double value, std::string_view unit) {
  const std::string u(unit);
  if (value >= 1e12) return shortest(value / 1e12) + " T" + u;
  if (value >= 1e9) return shortest(value / 1e9) + " G" + u;
  return shortest(value / 1e6) + " M" + u;
}

std::string too(bool small, const std::string& key, const std::string& is, const std::string& bound) {
  return "'" + key + "' is " + is + ", which is " + (small ? "less" : "more") + " than any has (" + bound + ")";
}

}  // namespace

std::string in_bytes(BytesPerSecond rate) {
  return with_prefix(static_cast<double>(rate.n), "B/s");
}

std::string in_bits(BytesPerSecond rate) {
  const double bits = static_cast<double>(rate.n) * 8;
  return shortest(bits / 1e9) + " Gb/s";
}

void check_memory(Fields& gpu, Bytes memory) {
  if (memory >= kLeastMemory && memory <= kMostMemory) return;
  gpu.fail("memory",
           too(memory < kLeastMemory, "memory", with_prefix(static_cast<double>(memory.n), "B"), "0.5 GiB to 8 TiB") +
               "; was another prefix meant?");
}

void check_memory_bandwidth(Fields& gpu, BytesPerSecond rate) {
  if (rate >= kLeastMemoryRate && rate <= kMostMemoryRate) return;
  std::string meant;
  if (rate < kLeastMemoryRate) meant = "; did you mean " + in_bytes({rate.n * 1000}) + "?";
  gpu.fail("memory_bandwidth",
           too(rate < kLeastMemoryRate, "memory_bandwidth", in_bytes(rate), "50 GB/s to 100 TB/s") + meant);
}

void check_peak(Fields& peak, std::string_view dtype, FlopsPerSecond rate) {
  if (rate.n >= kLeastPeak && rate.n <= kMostPeak) return;
  std::string meant;
  if (rate.n < kLeastPeak) meant = "; did you mean " + with_prefix(rate.n * 1000, "FLOP/s") + "?";
  peak.fail(dtype,
            too(rate.n < kLeastPeak, std::string(dtype), with_prefix(rate.n, "FLOP/s"), "0.1 TFLOP/s to 1000 PFLOP/s") +
                meant);
}

void check_nic(Fields& fabric, BytesPerSecond link, std::string_view key) {
  if (link >= kLeastPort && link <= kMostPort) return;
  if (link < kLeastPort) {
    fabric.fail(key, too(true, std::string(key), in_bits(link) + " a NIC port", "1 Gb/s"));
    return;
  }
  std::string meant;
  const BytesPerSecond eighth{link.n / 8};
  if (eighth <= kMostPort) meant = "; did you mean " + in_bits(eighth) + " (bits)?";
  fabric.fail(key, "'" + std::string(key) + "' is " + in_bytes(link) + " (" + in_bits(link) +
                       ") a NIC port and direction, but no port is faster than " + in_bits(kMostPort) + meant);
}

void check_scale_up(Fields& scale_up, BytesPerSecond bandwidth, BytesPerSecond rated) {
  const std::string is = "'bandwidth' is " + in_bytes(bandwidth) + " a GPU and direction";
  if (rated.n == 0) {
    if (bandwidth < kLeastScaleUp || bandwidth > kMostScaleUp)
      scale_up.fail("bandwidth",
                    is + ", which is outside of " + in_bytes(kLeastScaleUp) + " to " + in_bytes(kMostScaleUp));
    return;
  }
  const std::string has = ", but its generation has " + in_bytes(rated);
  // 450 Gb/s for 450 GB/s: an eighth. An H800's NVLink 4, cut to 200 GB/s, is far above that.
  if (bandwidth.n * 6 < rated.n) scale_up.fail("bandwidth", is + has + "; was it meant in bytes, GB/s?");
  if (bandwidth.n * 2 > rated.n * 3) scale_up.fail("bandwidth", is + has + "; do both directions count here?");
}

}  // namespace orrery::topology
