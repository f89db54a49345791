#include "validate/cuda/mover.h"

#include <algorithm>

#include "validate/cuda/launch.h"

namespace orrery::validate::cuda {

CudaMover::~CudaMover() {
  for (const auto& [rank, b] : buffers_) {
    cudaFree(b.read);
    cudaFree(b.written);
  }
  cudaFree(marks_);
  cudaFreeHost(host_);
}

unsigned char* CudaMover::allocate(std::size_t bytes, std::uint32_t seed) {
  Faults& faults = device_.faults();
  void* memory = nullptr;
  const cudaError_t status = cudaMalloc(&memory, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    faults.add("no memory for a transfer buffer of " + std::to_string(bytes) + " bytes");
    return nullptr;
  }
  if (!faults.ok(status, "a transfer buffer") ||
      !faults.ok(launch_fill(Fill::bf16, memory, bytes, 1.0f, seed, device_.sms(), nullptr), "a transfer buffer") ||
      !faults.ok(cudaDeviceSynchronize(), "a transfer buffer"))
    return nullptr;
  return static_cast<unsigned char*>(memory);
}

void CudaMover::reserve(RankId rank, Bytes bytes) {
  constexpr std::size_t kWhole = 1 << 12;  // pieces are moved by 16 bytes: the last may go a little further
  const std::size_t wanted = (static_cast<std::size_t>(bytes.n) / kWhole + 1) * kWhole;
  Buffers& b = buffers_[rank];
  b.at = b.at + b.piece + wanted <= b.bytes ? b.at + b.piece : 0;
  b.piece = wanted;
  if (b.bytes >= wanted || device_.failed()) return;
  if (!device_.faults().ok(cudaDeviceSynchronize(), "a transfer buffer")) return;
  cudaFree(b.read);
  cudaFree(b.written);
  const std::size_t ring = std::max(wanted, kRingBytes);
  b = {allocate(ring, 2 * rank.value + 2), allocate(ring, 2 * rank.value + 3), ring, 0, wanted};
}

unsigned char* CudaMover::at(const Piece& piece) {
  const Buffers& b = buffers_[piece.rank];
  return (piece.written ? b.written : b.read) + b.at + piece.offset.n;
}

int CudaMover::sms() const {
  return device_.sms_beside() > 0 ? device_.sms_beside() : device_.sms();
}

void CudaMover::copy(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) {
  const cudaStream_t s = device_.stream(stream);
  if (s == nullptr) return;
  device_.faults().ok(launch_copy(at(to), at(from), static_cast<std::uint64_t>(bytes.n), sms(), s),
                      "a copy between ranks");
}

void CudaMover::add(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) {
  const cudaStream_t s = device_.stream(stream);
  if (s == nullptr) return;
  device_.faults().ok(launch_add(at(to), at(from), static_cast<std::uint64_t>(bytes.n), sms(), s),
                      "a sum between ranks");
}

// Piece after piece into one pinned buffer: what counts is the way there.
void CudaMover::copy_to_host(StreamHandle stream, RankId rank, Bytes bytes) {
  Faults& faults = device_.faults();
  if (host_ == nullptr && !faults.ok(cudaMallocHost(&host_, kHostBytes), "pinned memory")) return;
  const cudaStream_t s = device_.stream(stream);
  for (std::size_t done = 0; s != nullptr && done < static_cast<std::size_t>(bytes.n) && !device_.failed();) {
    const std::size_t piece = std::min(kHostBytes, static_cast<std::size_t>(bytes.n) - done);
    faults.ok(
        cudaMemcpyAsync(host_, at({rank, false, {static_cast<std::int64_t>(done)}}), piece, cudaMemcpyDeviceToHost, s),
        "a copy to the host");
    done += piece;
  }
}

Mover::Mark CudaMover::mark(StreamHandle stream) {
  Faults& faults = device_.faults();
  if (marks_ == nullptr &&
      !faults.ok(cudaMalloc(reinterpret_cast<void**>(&marks_), kMarks * sizeof(std::uint64_t)), "marks"))
    return 0;
  const cudaStream_t s = device_.stream(stream);
  const Mark mark = next_++ % kMarks;
  if (s != nullptr) faults.ok(launch_mark(marks_ + mark, s), "a mark");
  return mark;
}

void CudaMover::hold(StreamHandle stream, Mark since, Duration time) {
  const cudaStream_t s = device_.stream(stream);
  if (s == nullptr || time <= Duration()) return;
  device_.faults().ok(launch_hold(marks_ + since, static_cast<std::uint64_t>(time.count_ps() / 1000), s),
                      "an imposed link");
}

Bytes CudaMover::bytes() const {
  Bytes all;
  for (const auto& [rank, b] : buffers_) all += Bytes{static_cast<std::int64_t>(2 * b.bytes)};
  return all;
}

}  // namespace orrery::validate::cuda
