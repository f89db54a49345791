#pragma once

namespace orrery::gui {

// Makes the timeline known to screen readers: the canvas is a table whose
// cells are the events in view, named "class, name, start, duration"; its value is
// the selected one.
void install_accessibility();

}  // namespace orrery::gui
