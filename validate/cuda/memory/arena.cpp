#include "validate/cuda/memory/arena.h"

#include <algorithm>
#include <bit>

#include "validate/cuda/kernels/rows.h"

namespace orrery::validate::cuda {
namespace {

constexpr std::uint64_t kAlign = 1024;
constexpr std::uint64_t kMostOperands = 5;

std::uint64_t aligned(std::uint64_t bytes) {
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

}  // namespace

Arena::~Arena() {
  for (auto& [format, piece] : inputs_) cudaFree(piece.base);
  cudaFree(output_.base);
  cudaFree(rope_table_);
}

bool Arena::reserve(Fill format, std::uint64_t input, std::uint64_t output) {
  if (rope_table_ == nullptr) {
    if (!faults_.ok(cudaMalloc(reinterpret_cast<void**>(&rope_table_), sizeof(float) * kPositions * 64 * 2),
                    "the table of rotations"))
      return false;
    if (!faults_.ok(launch_rope_table(rope_table_, nullptr), "the table of rotations")) return false;
  }
  Piece& piece = inputs_[format];
  const std::uint64_t had = piece.bytes;
  if (!grow(piece, input) || !grow(output_, output)) return false;
  return piece.bytes == had || fill(format, piece);
}

// Sizes are powers of two, so that indices wrap by a mask.
bool Arena::grow(Piece& piece, std::uint64_t wanted) {
  const std::uint64_t bytes = std::bit_ceil(std::max(wanted, kLeast));
  if (bytes <= piece.bytes) return true;
  if (!faults_.ok(cudaDeviceSynchronize(), "operands of kernels")) return false;
  cudaFree(piece.base);
  piece = {};
  void* base = nullptr;
  const cudaError_t status = cudaMalloc(&base, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    faults_.add("no memory for " + std::to_string(bytes) +
                " bytes of operands of kernels (they come beside the program's own buffers)");
    return false;
  }
  if (!faults_.ok(status, "operands of kernels")) return false;
  piece = {static_cast<unsigned char*>(base), bytes, 0};
  return faults_.ok(cudaMemset(base, 0, bytes), "operands of kernels");
}

bool Arena::fill(Fill format, const Piece& piece) {
  constexpr std::uint32_t kSeed = 1;
  return faults_.ok(launch_fill(format, piece.base, piece.bytes, 1.0f, kSeed, sms_, nullptr), "random operands") &&
         faults_.ok(cudaDeviceSynchronize(), "random operands");
}

void* Arena::Piece::take(std::uint64_t wanted) {
  if (next + wanted > bytes) next = 0;
  void* at = base + next;
  next += aligned(wanted);
  return at;
}

void* Arena::input(Fill format, std::uint64_t bytes) {
  return inputs_[format].take(bytes);
}

void* Arena::output(std::uint64_t bytes) {
  return output_.take(bytes);
}

Operands Arena::streams(std::uint64_t bytes) {
  const Piece& input = inputs_[Fill::bf16];
  const auto ring = [](const Piece& piece) {
    return Ring{reinterpret_cast<Vector*>(piece.base), piece.bytes / 16 - 1};
  };
  // Operands lie apart by all that the launch moves; one that moves more than a ring
  // holds, by more than a cache does.
  const std::uint64_t apart = std::min(aligned(bytes) / 16, input.bytes / 16 / kMostOperands);
  const Operands operands{ring(input), ring(output_), cursor_, apart};
  cursor_ += kMostOperands * apart + kRowUnits;
  return operands;
}

std::uint64_t Arena::bytes() const {
  std::uint64_t all = output_.bytes;
  for (const auto& [format, piece] : inputs_) all += piece.bytes;
  return all;
}

}  // namespace orrery::validate::cuda
