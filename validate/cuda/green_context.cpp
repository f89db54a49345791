// The driver is asked through entry points that the runtime finds: a program that is
// linked with libcuda does not start where there is no driver.
#include "validate/cuda/green_context.h"

#include <cuda.h>

#include <string>

#include "validate/plan/sm_share.h"

namespace orrery::validate::cuda {
namespace {

constexpr unsigned kVersion = 12050;  // the CUDA version that these functions came with

struct Driver {
  decltype(&cuDeviceGet) device_get = nullptr;
  decltype(&cuDeviceGetDevResource) get_resource = nullptr;
  decltype(&cuDevSmResourceSplitByCount) split = nullptr;
  decltype(&cuDevResourceGenerateDesc) describe = nullptr;
  decltype(&cuGreenCtxCreate) create = nullptr;
  decltype(&cuGreenCtxDestroy) destroy = nullptr;
  decltype(&cuGreenCtxStreamCreate) create_stream = nullptr;
  decltype(&cuStreamDestroy) destroy_stream = nullptr;

  // The name of the first function that the driver lacks, or nothing.
  std::string load() {
    std::string missing;
    const auto find = [&](const char* name, auto& function) {
      void* found = nullptr;
      cudaDriverEntryPointQueryResult result = cudaDriverEntryPointSymbolNotFound;
      const cudaError_t status = cudaGetDriverEntryPointByVersion(name, &found, kVersion, cudaEnableDefault, &result);
      if (status != cudaSuccess || result != cudaDriverEntryPointSuccess || found == nullptr) {
        if (missing.empty()) missing = name;
        return;
      }
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
    };
    find("cuDeviceGet", device_get);
    find("cuDeviceGetDevResource", get_resource);
    find("cuDevSmResourceSplitByCount", split);
    find("cuDevResourceGenerateDesc", describe);
    find("cuGreenCtxCreate", create);
    find("cuGreenCtxDestroy", destroy);
    find("cuGreenCtxStreamCreate", create_stream);
    find("cuStreamDestroy", destroy_stream);
    return missing;
  }
};

Error refused(const char* what, CUresult status) {
  return {{},
          std::string(what) + " failed with driver error " + std::to_string(static_cast<int>(status)),
          Fault::unsupported};
}

class GreenContexts final : public Partitions {
 public:
  GreenContexts(Driver driver, int sms) : driver_(driver), sms_(sms) {}
  ~GreenContexts() override {
    for (const CUstream stream : streams_) driver_.destroy_stream(stream);
    for (const CUgreenCtx context : contexts_) driver_.destroy(context);
  }

  Errors add(const CUdevResource& piece, CUdevice device) {
    CUdevResource resource = piece;
    CUdevResourceDesc description = nullptr;
    if (const CUresult s = driver_.describe(&description, &resource, 1); s != CUDA_SUCCESS)
      return {refused("cuDevResourceGenerateDesc", s)};
    CUgreenCtx context = nullptr;
    if (const CUresult s = driver_.create(&context, description, device, CU_GREEN_CTX_DEFAULT_STREAM);
        s != CUDA_SUCCESS)
      return {refused("cuGreenCtxCreate", s)};
    contexts_.push_back(context);
    return {};
  }

  int sms() const override { return sms_; }

  cudaStream_t stream(int partition, int priority) override {
    CUstream made = nullptr;
    const CUgreenCtx context = contexts_[static_cast<std::size_t>(partition)];
    if (driver_.create_stream(&made, context, CU_STREAM_NON_BLOCKING, priority) != CUDA_SUCCESS) return nullptr;
    streams_.push_back(made);
    return made;
  }

 private:
  Driver driver_;
  int sms_;
  std::vector<CUgreenCtx> contexts_;
  std::vector<CUstream> streams_;
};

}  // namespace

Result<std::unique_ptr<Partitions>> Partitions::create(int gpu, int count, int asked) {
  int sms = 0, major = 0;
  if (cudaDeviceGetAttribute(&sms, cudaDevAttrMultiProcessorCount, gpu) != cudaSuccess ||
      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, gpu) != cudaSuccess)
    return Error{{}, "no GPU " + std::to_string(gpu), Fault::unsupported};
  const Result<int> share = sm_share(sms, count, major, asked);
  if (!share) return share.errors();

  Driver driver;
  if (const std::string missing = driver.load(); !missing.empty())
    return Error{{}, "this driver has no " + missing + "; SM partitions need driver 555 or newer", Fault::unsupported};
  CUdevice device = 0;
  CUdevResource whole{};
  if (const CUresult s = driver.device_get(&device, gpu); s != CUDA_SUCCESS) return refused("cuDeviceGet", s);
  if (const CUresult s = driver.get_resource(device, &whole, CU_DEV_RESOURCE_TYPE_SM); s != CUDA_SUCCESS)
    return refused("cuDeviceGetDevResource", s);
  std::vector<CUdevResource> pieces(static_cast<std::size_t>(count));
  auto made = static_cast<unsigned>(count);
  if (const CUresult s = driver.split(pieces.data(), &made, &whole, nullptr, 0, static_cast<unsigned>(*share));
      s != CUDA_SUCCESS)
    return refused("cuDevSmResourceSplitByCount", s);
  if (made < static_cast<unsigned>(count))
    return Error{{},
                 "this GPU gives " + std::to_string(made) + " partitions of " + std::to_string(*share) + " SMs, not " +
                     std::to_string(count),
                 Fault::unsupported};
  auto contexts = std::make_unique<GreenContexts>(driver, static_cast<int>(pieces.front().sm.smCount));
  for (const CUdevResource& piece : pieces)
    if (Errors errors = contexts->add(piece, device); !errors.empty()) return errors;
  return std::unique_ptr<Partitions>(std::move(contexts));
}

}  // namespace orrery::validate::cuda
