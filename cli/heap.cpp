#include "cli/heap.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace orrery::cli {

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)

void prepare_heap() {
  constexpr int kStep = 64 << 20;
  constexpr std::uintptr_t kPage = 2 << 20;
  mallopt(M_TOP_PAD, kStep);
  mallopt(M_MMAP_THRESHOLD, kStep);  // large blocks too come from the heap
  mallopt(M_TRIM_THRESHOLD, 4 * kStep);
  void* volatile first_step = std::malloc(kStep / 64);  // volatile: or the compiler leaves both calls out
  std::free(first_step);
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
  const std::uintptr_t begin = (end - kStep + kPage - 1) / kPage * kPage;
  // A wish: small pages do as well.
  (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

#else

void prepare_heap() {}

#endif

}  // namespace orrery::cli
