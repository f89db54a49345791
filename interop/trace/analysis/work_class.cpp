#include "interop/trace/analysis/work_class.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace orrery::interop {
namespace {

struct OwnCategory {
  std::string_view name;
  WorkKind kind;
};
constexpr std::array kOwnCategories = {
    OwnCategory{"compute", WorkKind::compute},   OwnCategory{"recompute", WorkKind::compute},
    OwnCategory{"optimizer", WorkKind::compute}, OwnCategory{"other", WorkKind::compute},
    OwnCategory{"tp", WorkKind::communication},  OwnCategory{"pp", WorkKind::communication},
    OwnCategory{"dp", WorkKind::communication},  OwnCategory{"cp", WorkKind::communication},
    OwnCategory{"ep", WorkKind::communication},  OwnCategory{"offload", WorkKind::copy},
    OwnCategory{"host", WorkKind::host},
};

// Parts of kernels' names, in lower case; the first that is found decides.
struct KernelClass {
  std::string_view part, label;
  WorkKind kind;
};
constexpr std::array kKernels = {
    KernelClass{"nccl", "nccl", WorkKind::communication},
    KernelClass{"rccl", "nccl", WorkKind::communication},
    KernelClass{"nvshmem", "nvshmem", WorkKind::communication},
    KernelClass{"deep_ep", "deep_ep", WorkKind::communication},
    KernelClass{"memcpy", "memcpy", WorkKind::copy},
    KernelClass{"memset", "memset", WorkKind::copy},
    KernelClass{"flash", "attention", WorkKind::compute},
    KernelClass{"fmha", "attention", WorkKind::compute},
    KernelClass{"attention", "attention", WorkKind::compute},
    KernelClass{"sdpa", "attention", WorkKind::compute},
    KernelClass{"gemm", "gemm", WorkKind::compute},
    KernelClass{"nvjet", "gemm", WorkKind::compute},
    KernelClass{"cutlass", "gemm", WorkKind::compute},
    KernelClass{"xmma", "gemm", WorkKind::compute},
    KernelClass{"s884", "gemm", WorkKind::compute},
    KernelClass{"s16816", "gemm", WorkKind::compute},
    KernelClass{"cudnn", "convolution", WorkKind::compute},
};

bool is_gpu_category(std::string_view category) {
  // Kineto's, and what Nsight Systems' exports call them.
  constexpr std::array kGpu = {"kernel", "gpu_memcpy", "gpu_memset", "cuda", "Kernel", "concurrent_kernel"};
  return std::find(kGpu.begin(), kGpu.end(), category) != kGpu.end();
}

// The function's own name: its arguments and parameters name other functions.
std::string_view function_of(std::string_view name) {
  constexpr std::string_view kReturns = "void ",
                             kFbgemm = "fbgemm_gpu::";  // a library of many kernels, few of them GEMMs
  if (name.starts_with(kReturns)) name.remove_prefix(kReturns.size());
  if (name.starts_with(kFbgemm)) name.remove_prefix(kFbgemm.size());
  return name.substr(0, name.find_first_of("<("));
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lowered;
}

}  // namespace

WorkClass classify(std::string_view category, std::string_view name) {
  for (const OwnCategory& own : kOwnCategories)
    if (own.name == category) return {own.kind, std::string(category)};
  if (!is_gpu_category(category)) return {WorkKind::none, std::string(category)};
  if (category == "gpu_memcpy") return {WorkKind::copy, "memcpy"};
  if (category == "gpu_memset") return {WorkKind::copy, "memset"};
  const std::string lowered = lower(function_of(name));
  for (const KernelClass& kernel : kKernels)
    if (lowered.find(kernel.part) != std::string::npos) return {kernel.kind, std::string(kernel.label)};
  return {WorkKind::compute, "kernel"};
}

std::string_view operation_of(std::string_view name) {
  constexpr std::string_view kLayer = "layer ";
  if (!name.starts_with(kLayer)) return name;
  std::size_t at = kLayer.size();
  while (at < name.size() && std::isdigit(static_cast<unsigned char>(name[at])) != 0) ++at;
  if (at == kLayer.size() || at + 1 >= name.size() || name[at] != ' ') return name;
  return name.substr(at + 1);
}

}  // namespace orrery::interop
