// Memory of the whole program from mimalloc, where that is installed: a swept layout asks for some ten thousand pieces.
// The other forms of new and delete are made of these (its own header has all, but aborts where memory ends).
#include <mimalloc.h>

#include <new>

void* operator new(std::size_t bytes) {
  if (void* const memory = mi_malloc(bytes)) return memory;
  throw std::bad_alloc();
}

void operator delete(void* memory) noexcept {
  mi_free(memory);
}

void operator delete(void* memory, std::size_t bytes) noexcept {
  mi_free_size(memory, bytes);
}
