#include "gui/model/load/discard.h"

#include <mutex>
#include <thread>

namespace orrery::gui {

void discard(std::shared_ptr<const void> what) {
  static std::mutex mutex;
  static std::jthread last;
  const std::lock_guard lock(mutex);
  last = std::jthread([what = std::move(what)]() mutable { what.reset(); });  // joins the one before
}

}  // namespace orrery::gui
