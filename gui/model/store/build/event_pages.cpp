#include "gui/model/store/build/event_pages.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>
#include <utility>

namespace orrery::gui {
namespace {

constexpr std::size_t kPageBytes = EventPages::kEvents * sizeof(Event);
constexpr std::size_t kSlabPages = 256;

}  // namespace

class EventPages::Slab {
 public:
  Slab() : bytes_(mmap(nullptr, kSlabPages * kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    if (bytes_ == MAP_FAILED) throw std::bad_alloc();
  }
  ~Slab() {
    if (bytes_ != MAP_FAILED) munmap(bytes_, kSlabPages * kPageBytes);
  }
  Slab(Slab&& from) noexcept : bytes_(std::exchange(from.bytes_, MAP_FAILED)) {}
  Slab& operator=(Slab&&) = delete;

  Event* page(std::size_t index) const { return static_cast<Event*>(bytes_) + index * kEvents; }

 private:
  void* bytes_;
};

EventPages::EventPages() = default;
EventPages::~EventPages() = default;

EventPages::Page EventPages::keep(std::span<const Event> events) {
  Event* const page = take();
  std::copy(events.begin(), events.end(), page);
  return Page(page,
              [pool = shared_from_this()](const Event* done) { pool->free_.push_back(const_cast<Event*>(done)); });
}

Event* EventPages::take() {
  if (free_.empty()) {
    const Slab& slab = slabs_.emplace_back();
    for (std::size_t i = kSlabPages; i-- > 0;) free_.push_back(slab.page(i));
  }
  Event* const page = free_.back();
  free_.pop_back();
  return page;
}

// Where the system's pages are larger it refuses, and the memory stays until all of it goes.
void EventPages::let_go(Page& page) {
  if (page.use_count() == 1) (void)madvise(const_cast<Event*>(page.get()), kPageBytes, MADV_DONTNEED);
  page.reset();
}

}  // namespace orrery::gui
