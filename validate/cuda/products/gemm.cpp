#include "validate/cuda/products/gemm.h"

#include <algorithm>
#include <array>
#include <limits>

#include "validate/cuda/products/gemm_types.h"
#include "validate/plan/gemm_layout.h"

namespace orrery::validate::cuda {
namespace {

constexpr std::size_t kWorkspace = std::size_t{32} << 20;  // what cuBLAS advises for Hopper
constexpr int kCandidates = 8;
constexpr float kRuns = 5;         // of a candidate, at most;
constexpr float kEnough = 2.0f;    // milliseconds of them tell candidates apart
constexpr float kHopeless = 1.2f;  // of the best so far: a candidate that slow is run no more

struct DeleteDescription {
  void operator()(cublasLtMatmulDescOpaque_t* d) const { cublasLtMatmulDescDestroy(d); }
  void operator()(cublasLtMatrixLayoutOpaque_t* d) const { cublasLtMatrixLayoutDestroy(d); }
  void operator()(cublasLtMatmulPreferenceOpaque_t* d) const { cublasLtMatmulPreferenceDestroy(d); }
};
template <class T>
using Held = std::unique_ptr<T, DeleteDescription>;

std::string text_of(const models::GemmShape& s) {
  return std::to_string(s.batch) + " x " + std::to_string(s.m) + " x " + std::to_string(s.n) + " x " +
         std::to_string(s.k) + " " + std::string(topology::to_string(s.dtype));
}

// One operand: `batch` matrices one behind the other.
Held<cublasLtMatrixLayoutOpaque_t> matrix(Faults& faults, cudaDataType_t type, const GemmLayout::Matrix& m,
                                          std::int64_t batch) {
  cublasLtMatrixLayout_t layout = nullptr;
  if (!faults.ok(cublasLtMatrixLayoutCreate(&layout, type, static_cast<std::uint64_t>(m.rows),
                                            static_cast<std::uint64_t>(m.columns), m.rows),
                 "a matrix layout"))
    return nullptr;
  Held<cublasLtMatrixLayoutOpaque_t> held(layout);
  const auto count = static_cast<std::int32_t>(batch);
  const std::int64_t stride = m.elements();
  faults.ok(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count),
            "a batch");
  faults.ok(
      cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride),
      "a batch");
  return held;
}

template <class T>
T attribute(const cublasLtMatmulAlgo_t& algorithm, cublasLtMatmulAlgoConfigAttributes_t which) {
  T value{};
  std::size_t written = 0;
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, which, &value, sizeof value, &written);
  return value;
}

}  // namespace

struct Gemms::Plan {
  GemmLayout layout;
  GemmTypes types;
  std::int64_t batch = 1;
  bool accumulate = false;
  Held<cublasLtMatmulDescOpaque_t> product;
  Held<cublasLtMatrixLayoutOpaque_t> a, b, d;
  cublasLtMatmulAlgo_t algorithm{};
  GemmChoice choice;
  bool ready = false, refused = false;

  std::uint64_t a_bytes() const { return bytes(layout.a, types.operand_bytes); }
  std::uint64_t b_bytes() const { return bytes(layout.b, types.operand_bytes); }
  std::uint64_t d_bytes() const { return bytes(layout.d, types.result_bytes); }
  std::uint64_t bytes(const GemmLayout::Matrix& m, std::uint64_t each) const {
    return static_cast<std::uint64_t>(batch * m.elements()) * each;
  }
};

Gemms::Gemms(Faults& faults, Arena& arena, int sm_target) : faults_(faults), arena_(arena), sm_target_(sm_target) {}

Gemms::~Gemms() {
  plans_.clear();
  for (auto& [stream, memory] : workspaces_) cudaFree(memory);
  cudaFree(one_);
  if (handle_ != nullptr) cublasLtDestroy(handle_);
}

Gemms::Plan* Gemms::plan_of(const models::GemmShape& shape) {
  auto& plan = plans_[shape];
  if (plan != nullptr) return plan.get();
  plan = std::make_unique<Plan>();
  const auto types = gemm_types(shape);
  if (!types) {
    faults_.add("products in " + std::string(topology::to_string(shape.dtype)) + " are not run on a GPU yet",
                Fault::unsupported);
    return plan.get();
  }
  plan->layout = gemm_layout(shape);
  plan->types = *types;
  plan->batch = shape.batch;
  plan->accumulate = shape.accumulate;
  plan->choice.shape = shape;
  return plan.get();
}

bool Gemms::reserve(const models::GemmShape& shape) {
  const Plan& plan = *plan_of(shape);
  if (faults_.failed()) return false;
  const std::uint64_t operands = plan.a_bytes() + plan.b_bytes() + (2 << 10);
  // What is accumulated into is read from a ring of bf16 and written to scratch.
  if (plan.accumulate && !arena_.reserve(Fill::bf16, plan.d_bytes(), 0)) return false;
  return arena_.reserve(plan.types.fill, operands, plan.d_bytes());
}

bool Gemms::prepare(const models::GemmShape& shape, cudaStream_t stream) {
  Plan& plan = *plan_of(shape);
  if (plan.ready || plan.refused || faults_.failed()) return !faults_.failed() && !plan.refused;
  if (!reserve(shape)) return false;
  if (handle_ == nullptr) {
    if (!faults_.ok(cublasLtCreate(&handle_), "cuBLASLt")) return false;
    constexpr float kOne = 1.0f;
    if (!faults_.ok(cudaMalloc(reinterpret_cast<void**>(&one_), sizeof kOne), "scale factors") ||
        !faults_.ok(cudaMemcpy(one_, &kOne, sizeof kOne, cudaMemcpyHostToDevice), "scale factors"))
      return false;
  }
  plan.ready = describe(plan, shape) && choose(plan, stream);
  return plan.ready;
}

bool Gemms::describe(Plan& plan, const models::GemmShape& shape) {
  cublasLtMatmulDesc_t product = nullptr;
  if (!faults_.ok(cublasLtMatmulDescCreate(&product, plan.types.compute, CUDA_R_32F), "a product")) return false;
  plan.product.reset(product);
  const auto set = [&](cublasLtMatmulDescAttributes_t which, auto value) {
    faults_.ok(cublasLtMatmulDescSetAttribute(product, which, &value, sizeof value), "a product's attribute");
  };
  set(CUBLASLT_MATMUL_DESC_TRANSA, plan.layout.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_TRANSB, plan.layout.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(CUBLASLT_MATMUL_DESC_SM_COUNT_TARGET, static_cast<std::int32_t>(sm_target_));
  if (plan.types.scaled) {
    set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, static_cast<const void*>(one_));
    set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, static_cast<const void*>(one_));
    set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, static_cast<std::int8_t>(plan.types.fast_sum));
  }
  plan.a = matrix(faults_, plan.types.operand, plan.layout.a, shape.batch);
  plan.b = matrix(faults_, plan.types.operand, plan.layout.b, shape.batch);
  plan.d = matrix(faults_, plan.types.result, plan.layout.d, shape.batch);
  return !faults_.failed();
}

// The fastest of the candidates that run.
bool Gemms::choose(Plan& plan, cudaStream_t stream) {
  cublasLtMatmulPreference_t wishes = nullptr;
  if (!faults_.ok(cublasLtMatmulPreferenceCreate(&wishes), "wishes for a product")) return false;
  const Held<cublasLtMatmulPreferenceOpaque_t> held(wishes);
  const std::size_t most = kWorkspace;
  if (!faults_.ok(
          cublasLtMatmulPreferenceSetAttribute(wishes, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most),
          "wishes for a product"))
    return false;
  std::array<cublasLtMatmulHeuristicResult_t, kCandidates> found{};
  int count = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(handle_, plan.product.get(), plan.a.get(), plan.b.get(), plan.d.get(),
                                     plan.d.get(), wishes, kCandidates, found.data(), &count);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED || (status == CUBLAS_STATUS_SUCCESS && count == 0)) {
    plan.refused = true;
    return false;
  }
  if (!faults_.ok(status, "algorithms for a product")) return false;
  float best = std::numeric_limits<float>::max();
  for (int i = 0; i < count; ++i) {
    if (found[static_cast<std::size_t>(i)].state != CUBLAS_STATUS_SUCCESS) continue;
    const cublasLtMatmulAlgo_t& algorithm = found[static_cast<std::size_t>(i)].algo;
    const float once = time(plan, algorithm, 1, stream);
    const auto runs = static_cast<int>(std::clamp(kEnough / once, 1.0f, kRuns));
    const float took = runs > 1 && once < kHopeless * best ? time(plan, algorithm, runs, stream) : once;
    if (faults_.failed()) return false;
    if (took >= best) continue;
    best = took;
    plan.algorithm = algorithm;
  }
  plan.choice.candidates = count;
  plan.choice.microseconds = best * 1000;
  plan.choice.algorithm = attribute<int>(plan.algorithm, CUBLASLT_ALGO_CONFIG_ID);
  plan.choice.tile = static_cast<int>(attribute<std::uint32_t>(plan.algorithm, CUBLASLT_ALGO_CONFIG_TILE_ID));
  plan.choice.stages = static_cast<int>(attribute<std::uint32_t>(plan.algorithm, CUBLASLT_ALGO_CONFIG_STAGES_ID));
  plan.choice.split_k = attribute<std::int32_t>(plan.algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM);
  plan.refused = best == std::numeric_limits<float>::max();
  return !plan.refused;
}

// Milliseconds of one run, the mean of `runs` behind one that warms up; a candidate that
// is refused takes for ever.
float Gemms::time(Plan& plan, const cublasLtMatmulAlgo_t& algorithm, int runs, cudaStream_t stream) {
  constexpr float kNever = std::numeric_limits<float>::max();
  const auto run_once = [&] {
    const void* a = arena_.input(plan.types.fill, plan.a_bytes());
    const void* b = arena_.input(plan.types.fill, plan.b_bytes());
    void* d = arena_.output(plan.d_bytes());
    const void* c = plan.accumulate ? arena_.input(Fill::bf16, plan.d_bytes()) : d;
    return launch(plan, algorithm, a, b, c, d, stream);
  };
  cudaEvent_t start = nullptr, end = nullptr;
  if (!faults_.ok(cudaEventCreate(&start), "an event") || !faults_.ok(cudaEventCreate(&end), "an event")) return kNever;
  bool ran = run_once();
  cudaEventRecord(start, stream);
  for (int i = 0; i < runs && ran; ++i) ran = run_once();
  cudaEventRecord(end, stream);
  faults_.ok(cudaEventSynchronize(end), "timing a product");
  float ms = 0;
  if (!faults_.failed()) faults_.ok(cudaEventElapsedTime(&ms, start, end), "timing a product");
  cudaEventDestroy(start);
  cudaEventDestroy(end);
  return ran && !faults_.failed() ? ms / static_cast<float>(runs) : kNever;
}

bool Gemms::launch(const Plan& plan, const cublasLtMatmulAlgo_t& algorithm, const void* a, const void* b, const void* c,
                   void* d, cudaStream_t stream) {
  const float alpha = 1.0f, beta = plan.accumulate ? 1.0f : 0.0f;
  void* scratch = workspace(stream);
  if (scratch == nullptr) return false;
  return cublasLtMatmul(handle_, plan.product.get(), &alpha, a, plan.a.get(), b, plan.b.get(), &beta, c, plan.d.get(),
                        d, plan.d.get(), &algorithm, scratch, kWorkspace, stream) == CUBLAS_STATUS_SUCCESS;
}

void* Gemms::workspace(cudaStream_t stream) {
  void*& memory = workspaces_[stream];
  if (memory == nullptr && !faults_.ok(cudaMalloc(&memory, kWorkspace), "a workspace for products")) return nullptr;
  return memory;
}

bool Gemms::refuses(const models::GemmShape& shape) const {
  const auto plan = plans_.find(shape);
  return plan != plans_.end() && plan->second->refused;
}

// To be run all the same, a refused product is a fault.
bool Gemms::is_ready(const models::GemmShape& shape, cudaStream_t stream) {
  if (prepare(shape, stream)) return true;
  if (refuses(shape))
    faults_.add("cuBLASLt has no algorithm for the product " + text_of(shape) +
                    " on this GPU (fp8 needs compute capability 8.9 and sizes that are multiples of 16)",
                Fault::unsupported);
  return false;
}

void Gemms::run(const models::GemmShape& shape, cudaStream_t stream) {
  if (!is_ready(shape, stream)) return;
  const Plan& plan = *plan_of(shape);
  const void* a = arena_.input(plan.types.fill, plan.a_bytes());
  const void* b = arena_.input(plan.types.fill, plan.b_bytes());
  void* d = arena_.output(plan.d_bytes());
  run(shape, a, b, plan.accumulate ? arena_.input(Fill::bf16, plan.d_bytes()) : d, d, stream);
}

void Gemms::run(const models::GemmShape& shape, const void* a, const void* b, const void* c, void* d,
                cudaStream_t stream) {
  if (!is_ready(shape, stream)) return;
  const Plan& plan = *plan_of(shape);
  if (!launch(plan, plan.algorithm, a, b, c, d, stream))
    faults_.add("cuBLASLt did not take the product " + text_of(shape));
}

std::vector<GemmChoice> Gemms::choices() const {
  std::vector<GemmChoice> all;
  for (const auto& [shape, plan] : plans_)
    if (plan->ready) all.push_back(plan->choice);
  return all;
}

}  // namespace orrery::validate::cuda
