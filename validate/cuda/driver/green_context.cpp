// The driver is asked through entry points that the runtime finds: a program that is
// linked with libcuda does not start where there is no driver.
#include "validate/cuda/driver/green_context.h"

#include <cuda.h>

#include <span>
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
    for (const CUgreenCtx context : beside_) driver_.destroy(context);
  }

  // A partition of these pieces.
  Errors add(std::span<const CUdevResource> pieces, CUdevice device) { return add_to(contexts_, pieces, device); }
  Errors add_beside(std::span<const CUdevResource> pieces, CUdevice device) {
    sms_beside_ = sms_of(pieces);
    return add_to(beside_, pieces, device);
  }
  static int sms_of(std::span<const CUdevResource> pieces) {
    unsigned sms = 0;
    for (const CUdevResource& piece : pieces) sms += piece.sm.smCount;
    return static_cast<int>(sms);
  }

  int sms() const override { return sms_; }
  int sms_beside() const override { return sms_beside_; }

  cudaStream_t stream(int partition, bool beside, int priority) override {
    CUstream made = nullptr;
    const bool apart = beside && !beside_.empty();
    const CUgreenCtx context = (apart ? beside_ : contexts_)[static_cast<std::size_t>(partition)];
    if (driver_.create_stream(&made, context, CU_STREAM_NON_BLOCKING, priority) != CUDA_SUCCESS) return nullptr;
    streams_.push_back(made);
    return made;
  }

 private:
  Errors add_to(std::vector<CUgreenCtx>& contexts, std::span<const CUdevResource> pieces, CUdevice device) const {
    std::vector<CUdevResource> resources(pieces.begin(), pieces.end());
    CUdevResourceDesc description = nullptr;
    if (const CUresult s = driver_.describe(&description, resources.data(), static_cast<unsigned>(resources.size()));
        s != CUDA_SUCCESS)
      return {refused("cuDevResourceGenerateDesc", s)};
    CUgreenCtx context = nullptr;
    if (const CUresult s = driver_.create(&context, description, device, CU_GREEN_CTX_DEFAULT_STREAM);
        s != CUDA_SUCCESS)
      return {refused("cuGreenCtxCreate", s)};
    contexts.push_back(context);
    return {};
  }

  Driver driver_;
  int sms_, sms_beside_ = 0;
  std::vector<CUgreenCtx> contexts_, beside_;
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
  SmPieces cut;
  std::vector<CUdevResource> pieces;
  unsigned made = 0;
  for (const SmPieces& wanted : sm_pieces(sms, count, major, *share, asked)) {
    cut = wanted;
    pieces.resize(static_cast<std::size_t>(cut.all()));
    made = static_cast<unsigned>(pieces.size());
    if (const CUresult s =
            driver.split(pieces.data(), &made, &whole, nullptr, 0, static_cast<unsigned>(cut.sms_of_a_piece));
        s != CUDA_SUCCESS)
      return refused("cuDevSmResourceSplitByCount", s);
    if (made == pieces.size()) break;
  }
  if (made < pieces.size())
    return Error{{},
                 "this GPU gives " + std::to_string(made) + " pieces of " + std::to_string(cut.sms_of_a_piece) +
                     " SMs, not " + std::to_string(cut.all()),
                 Fault::unsupported};
  const auto of = static_cast<std::size_t>(cut.of_a_rank), beside = static_cast<std::size_t>(cut.beside_a_rank);
  std::span<const CUdevResource> left = pieces;
  const auto take = [&left](std::size_t n) {
    const auto taken = left.first(n);
    left = left.subspan(n);
    return taken;
  };
  auto contexts = std::make_unique<GreenContexts>(driver, GreenContexts::sms_of(left.first(of)));
  for (int rank = 0; rank < count; ++rank)
    if (Errors errors = contexts->add(take(of), device); !errors.empty()) return errors;
  for (int rank = 0; rank < count && beside > 0; ++rank)
    if (Errors errors = contexts->add_beside(take(beside), device); !errors.empty()) return errors;
  return std::unique_ptr<Partitions>(std::move(contexts));
}

}  // namespace orrery::validate::cuda
