#include "validate/backend.h"

#include "validate/cuda/device.h"
#include "validate/cuda/driver/nvml.h"
#include "validate/cuda/mover.h"
#include "validate/transport/nccl.h"

namespace orrery::validate {
namespace {

using cuda::CudaDevice;
using cuda::CudaMover;

class CudaBackend final : public Backend {
 public:
  CudaBackend(const BackendOptions& options, const sim::Workload& workload, std::unique_ptr<CudaDevice> device,
              std::vector<std::string> notes)
      : options_(options),
        workload_(workload),
        device_(std::move(device)),
        mover_(*device_),
        notes_(std::move(notes)) {}

  ~CudaBackend() override {
    device_->watch({});
    device_->before_launches({});
    nccl_.reset();
  }

  Errors connect() {
    if (options_.rendezvous == nullptr) {
      copies_ = std::make_unique<CopyTransport>(*device_, mover_, options_.imposed);
      return {};
    }
    auto nccl = NcclTransport::open(*device_, mover_, workload_, options_.ranks.front(), *options_.rendezvous,
                                    options_.deadline);
    if (!nccl) return nccl.errors();
    nccl_ = std::move(nccl).value();
    device_->before_launches([this] { nccl_->meet(); });
    device_->watch([this] { return interrupted() ? std::optional<std::string>("interrupted") : nccl_->broken(); });
    return {};
  }

  Device& device() override { return *device_; }
  Transport& transport() override {
    if (nccl_) return *nccl_;
    return *copies_;
  }

  Errors prepare(std::span<const models::Kernel> kernels) override {
    for (const RankId rank : options_.ranks) mover_.reserve(rank, largest_transfer(workload_, rank));
    device_->prepare(kernels);
    if (nccl_ && !device_->failed()) {
      if (Errors errors = options_.rendezvous->barrier(options_.deadline); !errors.empty()) return errors;
      nccl_->meet();
    }
    sampler_ = std::make_unique<cuda::ClockSampler>(options_.gpu);
    return device_->faults().errors();
  }

  void describe(RunRecord& record) const override {
    cudaDeviceProp properties{};
    cudaGetDeviceProperties(&properties, options_.gpu);
    record.device = std::to_string(nccl_ ? workload_.ranks() : 1) + " x " + properties.name;
    record.transport = nccl_              ? nccl_->name()
                       : options_.imposed ? "copies on one GPU, links imposed"
                                          : "copies on one GPU";
    record.mode = options_.graph ? "graph" : "eager";
    record.notes.insert(record.notes.end(), notes_.begin(), notes_.end());
    if (!options_.graph && device_->streams() > cuda::kQueues)
      record.notes.push_back(std::to_string(device_->streams()) + " streams shared the GPU's " +
                             std::to_string(cuda::kQueues) +
                             " queues: an op may have waited for one of another stream that it does not depend on");
    if (device_->is_partitioned())
      record.notes.push_back("ranks have " + std::to_string(device_->sms()) + " SMs each, transfers and delays " +
                             (device_->sms_beside() > 0 ? std::to_string(device_->sms_beside()) + " of their own"
                                                        : std::string("the same")));
    record.device_memory = {static_cast<std::int64_t>(properties.totalGlobalMem)};
    record.operand_memory = Bytes{static_cast<std::int64_t>(device_->operand_bytes())} + mover_.bytes();
    record.memory = device_->memory().use();
    record.runtime_memory = runtime_memory(record.operand_memory);
    record.enqueue_seconds = device_->enqueue_seconds();
    if (sampler_) record.conditions = sampler_->conditions();
  }

  Conditions conditions() override { return sampler_ ? sampler_->latest() : Conditions{}; }

 private:
  // What the GPU holds beside segments and operands, by the driver's own count.
  Bytes runtime_memory(Bytes operands) const {
    std::size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) != cudaSuccess) return {};
    return Bytes{static_cast<std::int64_t>(total - free)} - device_->memory().reserved() - operands;
  }

  // After Ctrl-C processes stop at different ops, so what is under way may never end.
  bool interrupted() {
    constexpr auto kGrace = std::chrono::seconds(5);
    const auto now = std::chrono::steady_clock::now();
    if (options_.stop == nullptr || !options_.stop->load()) return false;
    if (!stopped_) stopped_ = now;
    return now - *stopped_ > kGrace;
  }

  BackendOptions options_;
  const sim::Workload& workload_;
  std::unique_ptr<CudaDevice> device_;
  CudaMover mover_;
  std::unique_ptr<CopyTransport> copies_;
  std::unique_ptr<NcclTransport> nccl_;
  std::unique_ptr<cuda::ClockSampler> sampler_;
  std::vector<std::string> notes_;
  std::optional<std::chrono::steady_clock::time_point> stopped_;
};

cuda::DeviceOptions device_options(const BackendOptions& options, bool partition) {
  cuda::DeviceOptions device;
  device.gpu = options.gpu;
  device.ranks = options.ranks;
  device.partition = partition && (options.ranks.size() > 1 || options.sms_a_rank > 0);
  device.sms_a_rank = options.sms_a_rank;
  device.graph = options.graph;
  device.host_ops = options.host_ops;
  device.allocators = options.allocators;
  device.deadline = options.deadline;
  return device;
}

}  // namespace

std::string Backend::gpu_name(int gpu) {
  cudaDeviceProp properties{};
  return cudaGetDeviceProperties(&properties, gpu) == cudaSuccess ? properties.name : "";
}

std::map<std::string, std::string> Backend::versions() {
  const auto dotted = [](int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
  };
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  return {{"driver_cuda", dotted(driver)},
          {"cuda", dotted(runtime)},
          {"cublaslt", std::to_string(cublasLtGetVersion())},
          {"nccl", nccl_version()}};
}

int Backend::gpus() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

Result<std::unique_ptr<Backend>> Backend::open(const BackendOptions& options, const sim::Workload& workload) {
  std::vector<std::string> notes;
  auto device = CudaDevice::open(device_options(options, options.partition));
  if (!device && options.partition && options.ranks.size() > 1 && gpus() > 0) {
    notes.push_back("virtual ranks share all SMs, so their times mean nothing: " + device.errors().front().what);
    device = CudaDevice::open(device_options(options, false));
  }
  if (!device) return device.errors();
  auto backend = std::make_unique<CudaBackend>(options, workload, std::move(device).value(), std::move(notes));
  if (Errors errors = backend->connect(); !errors.empty()) return errors;
  return std::unique_ptr<Backend>(std::move(backend));
}

}  // namespace orrery::validate
