// The few functions of NVML that are used, declared here: the toolkit may come
// without nvml.h. Signatures: NVML API reference.
#include "validate/cuda/driver/nvml.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <array>
#include <chrono>

namespace orrery::validate::cuda {
namespace {

constexpr unsigned kSmClock = 1, kMemoryClock = 2, kGpuTemperature = 0;
constexpr auto kEvery = std::chrono::milliseconds(100);

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

}  // namespace

struct ClockSampler::Nvml {
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*device_by_bus)(const char*, void**) = nullptr;
  int (*clock)(void*, unsigned, unsigned*) = nullptr;
  int (*power)(void*, unsigned*) = nullptr;
  int (*temperature)(void*, unsigned, unsigned*) = nullptr;
  int (*reasons)(void*, unsigned long long*) = nullptr;

  bool load(void* library) {
    return find(library, "nvmlInit_v2", init) && find(library, "nvmlShutdown", shutdown) &&
           find(library, "nvmlDeviceGetHandleByPciBusId_v2", device_by_bus) &&
           find(library, "nvmlDeviceGetClockInfo", clock) && find(library, "nvmlDeviceGetPowerUsage", power) &&
           find(library, "nvmlDeviceGetTemperature", temperature) &&
           (find(library, "nvmlDeviceGetCurrentClocksEventReasons", reasons) ||
            find(library, "nvmlDeviceGetCurrentClocksThrottleReasons", reasons));
  }
};

ClockSampler::ClockSampler(int gpu) {
  library_ = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  Nvml nvml;
  if (library_ == nullptr || !nvml.load(library_) || nvml.init() != 0) return;
  std::array<char, 32> bus{};
  void* device = nullptr;
  if (cudaDeviceGetPCIBusId(bus.data(), static_cast<int>(bus.size()), gpu) != cudaSuccess ||
      nvml.device_by_bus(bus.data(), &device) != 0) {
    nvml.shutdown();
    return;
  }
  thread_ = std::thread([this, nvml, device] {
    while (!stop_.load()) {
      sample(nvml, device);
      std::this_thread::sleep_for(kEvery);
    }
    nvml.shutdown();
  });
}

ClockSampler::~ClockSampler() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
  if (library_ != nullptr) dlclose(library_);
}

void ClockSampler::sample(const Nvml& nvml, void* device) {
  unsigned sm = 0, memory = 0, milliwatts = 0, celsius = 0;
  unsigned long long bits = 0;
  if (nvml.clock(device, kSmClock, &sm) != 0) return;
  nvml.clock(device, kMemoryClock, &memory);
  nvml.power(device, &milliwatts);
  nvml.temperature(device, kGpuTemperature, &celsius);
  nvml.reasons(device, &bits);
  const std::lock_guard lock(mutex_);
  samples_.push_back(
      {static_cast<int>(sm), static_cast<int>(memory), static_cast<int>(celsius), milliwatts / 1000.0, bits});
}

Conditions ClockSampler::conditions() const {
  const std::lock_guard lock(mutex_);
  return conditions_of(samples_);
}

Conditions ClockSampler::latest() {
  const std::lock_guard lock(mutex_);
  const auto first = samples_.begin() + static_cast<std::ptrdiff_t>(asked_);
  asked_ = samples_.size();
  return conditions_of({first, samples_.end()});
}

}  // namespace orrery::validate::cuda
