// The driver's functions that are found by name: shares of the SMs with streams of their own.
#include <cuda.h>

#include <cstring>
#include <map>
#include <string>

#include "machine.h"

using orrery::pretend::Locked;
using orrery::pretend::Machine;

struct CUdevResourceDesc_st {
  int sms = 0;
};
struct CUgreenCtx_st {
  int sms = 0;
};

namespace {

CUresult get_device(CUdevice* device, int ordinal) {
  return *device = ordinal, CUDA_SUCCESS;
}
CUresult get_resource(CUdevice, CUdevResource* whole, CUdevResourceType type) {
  *whole = {};
  whole->type = type;
  whole->sm.smCount = Machine::kSms;
  return CUDA_SUCCESS;
}
CUresult split(CUdevResource* pieces, unsigned* count, const CUdevResource* whole, CUdevResource*, unsigned,
               unsigned least) {
  // As an H100 of 132 does.
  *count = std::min(*count, least == 8 ? 15 : whole->sm.smCount / least);
  for (unsigned i = 0; i < *count; ++i) {
    pieces[i] = {};
    pieces[i].type = CU_DEV_RESOURCE_TYPE_SM;
    pieces[i].sm.smCount = least;
  }
  return CUDA_SUCCESS;
}
CUresult describe(CUdevResourceDesc* made, CUdevResource* pieces, unsigned count) {
  *made = new CUdevResourceDesc_st;
  for (unsigned i = 0; i < count; ++i) (*made)->sms += static_cast<int>(pieces[i].sm.smCount);
  return CUDA_SUCCESS;
}
CUresult create(CUgreenCtx* context, CUdevResourceDesc description, CUdevice, unsigned) {
  return *context = new CUgreenCtx_st{description->sms}, CUDA_SUCCESS;
}
CUresult destroy(CUgreenCtx context) {
  return delete context, CUDA_SUCCESS;
}
CUresult create_stream(CUstream* stream, CUgreenCtx context, unsigned, int) {
  const Locked lock(Machine::get().lock);
  return *stream = Machine::get().add_stream(context->sms), CUDA_SUCCESS;
}
CUresult destroy_stream(CUstream stream) {
  const Locked lock(Machine::get().lock);
  return Machine::get().drop(stream), CUDA_SUCCESS;
}

template <class Function>
void* address(Function* function) {
  return reinterpret_cast<void*>(function);
}

}  // namespace

extern "C" cudaError_t cudaGetDriverEntryPointByVersion(const char* name, void** found, unsigned, unsigned long long,
                                                        cudaDriverEntryPointQueryResult* result) {
  static const std::map<std::string, void*> functions = {{"cuDeviceGet", address(get_device)},
                                                         {"cuDeviceGetDevResource", address(get_resource)},
                                                         {"cuDevSmResourceSplitByCount", address(split)},
                                                         {"cuDevResourceGenerateDesc", address(describe)},
                                                         {"cuGreenCtxCreate", address(create)},
                                                         {"cuGreenCtxDestroy", address(destroy)},
                                                         {"cuGreenCtxStreamCreate", address(create_stream)},
                                                         {"cuStreamDestroy", address(destroy_stream)}};
  const auto at = functions.find(name);
  *found = at == functions.end() ? nullptr : at->second;
  *result = *found == nullptr ? cudaDriverEntryPointSymbolNotFound : cudaDriverEntryPointSuccess;
  return cudaSuccess;
}
