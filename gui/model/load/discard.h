#pragma once

#include <memory>

namespace orrery::gui {

// Lets go of what takes long to take down, beside the caller's work: of a hundred million
// events the system wants a third of a second, and who gave up on them need not wait for it.
// One such work at a time; a second one waits for the first, so that no two are in memory for
// nothing. The program's end waits for it too.
void discard(std::shared_ptr<const void> what);

}  // namespace orrery::gui
