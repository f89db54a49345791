#pragma once

#include <map>

#include "validate/cuda/device.h"
#include "validate/transport/mover.h"

namespace orrery::validate::cuda {

// Buffers of transfers of virtual ranks, moved and added on one GPU.
class CudaMover final : public Mover {
 public:
  explicit CudaMover(CudaDevice& device) : device_(device) {}
  ~CudaMover() override;

  // Allocates and fills; before the run where it can, since it stops the GPU. Each transfer
  // takes the next piece of a ring, so that none finds in the L2 what the last one left there.
  void reserve(RankId rank, Bytes bytes) override;
  void copy(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) override;
  void add(StreamHandle stream, const Piece& to, const Piece& from, Bytes bytes) override;
  void copy_to_host(StreamHandle stream, RankId rank, Bytes bytes) override;
  Mark mark(StreamHandle stream) override;
  void hold(StreamHandle stream, Mark since, Duration time) override;

  Bytes bytes() const;  // that it holds on the GPU
  unsigned char* at(const Piece& piece);

 private:
  static constexpr std::uint32_t kMarks = 1u << 20;  // before a slot is used again
  static constexpr std::size_t kHostBytes = std::size_t{64} << 20;
  // Of a rank's two buffers together with another rank's: more than any L2.
  static constexpr std::size_t kRingBytes = std::size_t{64} << 20;

  struct Buffers {
    unsigned char* read = nullptr;
    unsigned char* written = nullptr;
    std::size_t bytes = 0;
    std::size_t at = 0, piece = 0;  // of the transfer under way
  };
  int sms() const;  // that a transfer's kernels run on
  unsigned char* allocate(std::size_t bytes, std::uint32_t seed);

  CudaDevice& device_;
  std::map<RankId, Buffers> buffers_;
  std::uint64_t* marks_ = nullptr;
  Mark next_ = 0;
  void* host_ = nullptr;  // pinned
};

}  // namespace orrery::validate::cuda
