#pragma once

#include <cstdint>
#include <map>

#include "validate/cuda/faults.h"
#include "validate/cuda/launch.h"

namespace orrery::validate::cuda {

// Operands of kernels. Programs do not say which of their buffers a kernel reads and
// writes, so kernels take theirs here: inputs from rings of random normal numbers
// (one a number format) and outputs into a ring of scratch. Every launch takes the next
// piece, so that nothing is found in a cache: a ring is more than twice the largest L2.
class Arena {
 public:
  static constexpr std::uint64_t kLeast = std::uint64_t{512} << 20;

  Arena(Faults& faults, int sms) : faults_(faults), sms_(sms) {}
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Room for `input` bytes of one format and for `output` bytes at once; before the first launch.
  bool reserve(Fill format, std::uint64_t input, std::uint64_t output);

  void* input(Fill format, std::uint64_t bytes);
  void* output(std::uint64_t bytes);
  // Rings of bf16, for kernels that stream; `bytes` that a launch moves.
  Operands streams(std::uint64_t bytes);
  const float* rope_table() const { return rope_table_; }
  std::uint64_t bytes() const;  // that it holds

 private:
  struct Piece {
    unsigned char* base = nullptr;
    std::uint64_t bytes = 0, next = 0;

    void* take(std::uint64_t wanted);
  };
  bool grow(Piece& piece, std::uint64_t wanted);
  bool fill(Fill format, const Piece& piece);

  Faults& faults_;
  int sms_;
  std::map<Fill, Piece> inputs_;
  Piece output_;
  float* rope_table_ = nullptr;
  std::uint64_t cursor_ = 0;
};

}  // namespace orrery::validate::cuda
