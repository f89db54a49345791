// NVML: a GPU that runs at its full clock, unless it is to be slow; then its power cap holds it down.
#include <cstdlib>
#include <cstring>

namespace {

char devices[10];  // one a GPU; what a handle points to

bool is_slow(void* device) {
  const char* slow = std::getenv("PRETEND_SLOW_GPU");
  return slow != nullptr && device == devices + std::atoi(slow) % 10;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  return 0;
}
int nvmlShutdown() {
  return 0;
}
int nvmlDeviceGetHandleByPciBusId_v2(const char* bus, void** device) {
  *device = devices + std::atoi(bus + std::strlen("0000:0")) % 10;
  return 0;
}
int nvmlDeviceGetClockInfo(void* device, unsigned kind, unsigned* mhz) {
  *mhz = kind == 2 ? 2619 : is_slow(device) ? 990 : 1980;
  return 0;
}
int nvmlDeviceGetPowerUsage(void*, unsigned* milliwatts) {
  *milliwatts = 650'000;
  return 0;
}
int nvmlDeviceGetTemperature(void*, unsigned, unsigned* celsius) {
  *celsius = 60;
  return 0;
}
int nvmlDeviceGetCurrentClocksEventReasons(void* device, unsigned long long* reasons) {
  constexpr unsigned long long kPowerCap = 4;
  *reasons = is_slow(device) ? kPowerCap : 0;
  return 0;
}

}  // extern "C"
