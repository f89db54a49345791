#pragma once

#include <cublasLt.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/compute/kernel.h"
#include "validate/cuda/memory/arena.h"

namespace orrery::validate::cuda {

// What was chosen for a shape, for the record of a run.
struct GemmChoice {
  models::GemmShape shape;
  int algorithm = -1, tile = -1, stages = -1, split_k = -1;
  int candidates = 0;
  float microseconds = 0;  // of the fastest candidate, when it was chosen
};

// Products by cuBLASLt. prepare() asks its heuristic for eight candidates, times
// each and keeps the fastest, as frameworks' autotuning does; run() launches it.
class Gemms {
 public:
  // `sm_target`: SMs of a partition; 0 for all.
  Gemms(Faults& faults, Arena& arena, int sm_target);
  ~Gemms();
  Gemms(const Gemms&) = delete;
  Gemms& operator=(const Gemms&) = delete;

  // Room in the arena for the operands of `shape`.
  bool reserve(const models::GemmShape& shape);
  // False after a fault, and for a product that the library refuses.
  bool prepare(const models::GemmShape& shape, cudaStream_t stream);
  void run(const models::GemmShape& shape, cudaStream_t stream);
  std::vector<GemmChoice> choices() const;
  // Whether the library was found to have no algorithm for it.
  bool refuses(const models::GemmShape& shape) const;

  // The product of given operands (of gemm_layout()); for self-tests.
  void run(const models::GemmShape& shape, const void* a, const void* b, const void* c, void* d, cudaStream_t stream);

 private:
  struct Plan;
  Plan* plan_of(const models::GemmShape& shape);
  bool describe(Plan& plan, const models::GemmShape& shape);
  bool is_ready(const models::GemmShape& shape, cudaStream_t stream);
  bool choose(Plan& plan, cudaStream_t stream);
  float time(Plan& plan, const cublasLtMatmulAlgo_t& algorithm, int runs, cudaStream_t stream);
  bool launch(const Plan& plan, const cublasLtMatmulAlgo_t& algorithm, const void* a, const void* b, const void* c,
              void* d, cudaStream_t stream);
  void* workspace(cudaStream_t stream);

  Faults& faults_;
  Arena& arena_;
  int sm_target_;
  cublasLtHandle_t handle_ = nullptr;
  float* one_ = nullptr;  // on the device: scale factors of fp8 operands
  std::map<models::GemmShape, std::unique_ptr<Plan>> plans_;
  std::map<cudaStream_t, void*> workspaces_;  // products on two streams at once may not share one
};

}  // namespace orrery::validate::cuda
