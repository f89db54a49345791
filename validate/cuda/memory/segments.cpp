#include "validate/cuda/memory/segments.h"

namespace orrery::validate::cuda {

Segments::~Segments() {
  for (const auto& [address, memory] : held_) cudaFree(memory);
}

bool Segments::take(std::int64_t address, Bytes size) {
  if (faults_.failed()) return false;
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, static_cast<std::size_t>(size.n));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // no fault of the device: the runner tells of it
    return false;
  }
  if (!faults_.ok(status, "a segment of memory")) return false;
  held_[address] = memory;
  return true;
}

void Segments::give_back(std::int64_t address) {
  if (!end_of_all_()) return;  // a fault, with which the run ends
  const auto segment = held_.find(address);
  faults_.ok(cudaFree(segment->second), "giving a segment of memory back");
  held_.erase(segment);
}

}  // namespace orrery::validate::cuda
