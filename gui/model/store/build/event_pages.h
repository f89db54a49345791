#pragma once

#include <memory>
#include <span>
#include <vector>

#include "gui/model/store/event.h"

namespace orrery::gui {

// Room for events that are still coming, a page of memory at a time. An array that grows
// leaves the one it grew out of behind, and holds room that it may never need: of a hundred
// million events in thousands of arrays that is a quarter more than they take. A page that is
// given back is the system's again, while the rows that events move to are made.
class EventPages : public std::enable_shared_from_this<EventPages> {
 public:
  static constexpr std::size_t kEvents = 4096 / sizeof(Event);
  using Page = std::shared_ptr<const Event[]>;

  EventPages();
  ~EventPages();
  EventPages(const EventPages&) = delete;
  EventPages& operator=(const EventPages&) = delete;

  // A copy of kEvents of them, until nobody holds it.
  Page keep(std::span<const Event> events);
  // Lets go of one whose events have moved on; if nobody else holds it, the system has it at
  // once. A page that is just dropped is only free for others: the system takes them faster all
  // at once, with the last, and who cancels an opening waits for that.
  static void let_go(Page& page);

 private:
  class Slab;

  Event* take();

  std::vector<Slab> slabs_;
  std::vector<Event*> free_;
};

}  // namespace orrery::gui
