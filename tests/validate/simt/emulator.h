#pragma once

#include <cstddef>
#include <functional>

// Runs kernels written in the words of validate/cuda/kernels/simt.h without a GPU, thread
// by thread, as the CUDA and PTX manuals define those words: fragments of matrices over
// lanes, barriers, copies in the background.
//
// It is a suspicious machine: shared memory begins as NaN, a background copy happens
// only when somebody waits for it, and threads may run last to first between barriers.
// A barrier that not all threads reach, and an address outside shared memory or not
// aligned to 16 bytes, throw.
namespace orrery::validate::simt {

struct Launch {
  unsigned blocks_x = 1, blocks_y = 1, threads = 32;
  std::size_t shared_bytes = 4096;
  bool last_thread_first = false;
};

void run(const Launch& launch, const std::function<void()>& kernel);

}  // namespace orrery::validate::simt
