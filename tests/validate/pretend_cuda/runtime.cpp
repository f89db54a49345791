// CUDA's runtime: devices, streams, events.
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

#include "machine.h"

using orrery::pretend::Locked;
using orrery::pretend::Machine;

namespace {

constexpr auto kPoll = std::chrono::microseconds(50);
constexpr int kCudaVersion = CUDART_VERSION;

Machine& machine() {
  return Machine::get();
}

// Waits as a host does that is not told when: without the lock, so that others go on.
template <class Over>
cudaError_t wait_until(const Over& over) {
  for (;;) {
    {
      const Locked lock(machine().lock);
      if (machine().sticky != cudaSuccess) return machine().tell(machine().sticky);
      if (over()) return cudaSuccess;
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  *count = machine().gpus;
  return *count > 0 ? cudaSuccess : cudaErrorNoDevice;
}

cudaError_t cudaSetDevice(int device) {
  const Locked lock(machine().lock);
  if (device < 0 || device >= machine().gpus) return machine().tell(cudaErrorInvalidDevice);
  machine().gpu = device;
  const char* slow = std::getenv("PRETEND_SLOW_GPU");
  machine().slowdown = slow != nullptr && std::atoi(slow) == device ? 2 : 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  *device = machine().gpu;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (device < 0 || device >= machine().gpus) return machine().tell(cudaErrorInvalidDevice);
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount:
      return *value = Machine::kSms, cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      return *value = 9, cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      return *value = 0, cudaSuccess;
    default:
      return machine().tell(cudaErrorInvalidValue);
  }
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= machine().gpus) return machine().tell(cudaErrorInvalidDevice);
  *properties = {};
  std::strncpy(properties->name, "NVIDIA H100 80GB HBM3", sizeof properties->name - 1);
  properties->totalGlobalMem = machine().memory_bytes;
  properties->multiProcessorCount = Machine::kSms;
  properties->major = 9;
  properties->l2CacheSize = 50 << 20;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* id, int size, int device) {
  std::strncpy(id, ("0000:0" + std::to_string(device) + ":00.0").c_str(), static_cast<std::size_t>(size));
  return cudaSuccess;
}

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (least != nullptr) *least = 0;
  if (greatest != nullptr) *greatest = -5;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  return *version = kCudaVersion, cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  return *version = kCudaVersion, cudaSuccess;
}

const char* cudaGetErrorName(cudaError_t status) {
  return status == cudaErrorECCUncorrectable ? "cudaErrorECCUncorrectable" : "cudaError";
}
const char* cudaGetErrorString(cudaError_t status) {
  static thread_local std::string text;
  text = "pretended error " + std::to_string(static_cast<int>(status));
  return text.c_str();
}

cudaError_t cudaPeekAtLastError() {
  const Locked lock(machine().lock);
  return machine().sticky != cudaSuccess ? machine().sticky : machine().last;
}
cudaError_t cudaGetLastError() {
  const Locked lock(machine().lock);
  const cudaError_t status = cudaPeekAtLastError();
  machine().last = cudaSuccess;
  return status;
}

cudaError_t cudaDeviceSynchronize() {
  return wait_until([] { return machine().all_over(); });
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned, int) {
  const Locked lock(machine().lock);
  *stream = machine().add_stream(Machine::kSms);
  return machine().tell(cudaSuccess);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const Locked lock(machine().lock);
  return machine().drop(stream), cudaSuccess;
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const Locked lock(machine().lock);
  if (machine().sticky != cudaSuccess) return machine().sticky;
  if (machine().of(stream)->capture) return machine().tell(cudaErrorStreamCaptureUnsupported);
  return machine().is_over(machine().of(stream)) ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const Locked lock(machine().lock);
  machine().wait(machine().of(stream), event);
  return machine().tell(cudaSuccess);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->timed = (flags & cudaEventDisableTiming) == 0;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const Locked lock(machine().lock);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
  const Locked lock(machine().lock);
  machine().record(event, machine().of(stream), (flags & cudaEventRecordExternal) != 0);
  return machine().tell(cudaSuccess);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return cudaEventRecordWithFlags(event, stream, cudaEventRecordDefault);
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const Locked lock(machine().lock);
  if (machine().sticky != cudaSuccess) return machine().sticky;
  if (event->capture && !event->latest) return machine().tell(cudaErrorCapturedEvent);
  machine().advance();
  if (!event->latest) return cudaSuccess;
  // A host that looks has not waited: what it enqueues next may begin before the event.
  return *event->latest ? cudaSuccess : machine().tell(cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return wait_until([event] {
    if (cudaEventQuery(event) != cudaSuccess) return false;
    if (event->latest) machine().seen(**event->latest);
    return true;
  });
}

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t from, cudaEvent_t to) {
  const Locked lock(machine().lock);
  machine().advance();
  if (!from->timed || !to->timed || !from->latest || !to->latest) return machine().tell(cudaErrorInvalidResourceHandle);
  if (!*from->latest || !*to->latest) return machine().tell(cudaErrorNotReady);
  *ms = static_cast<float>(static_cast<double>(**to->latest - **from->latest) * 1e-6);
  return machine().tell(cudaSuccess);
}

}  // extern "C"
