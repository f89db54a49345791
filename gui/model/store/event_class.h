#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace orrery::gui {

// What a box on the timeline is to someone who trains: its colour, its column in
// every table. The order is that of legends.
enum class EventClass : std::uint8_t {
  forward,
  backward,
  weight_gradient,
  recompute,
  optimizer,
  compute,  // a kernel of which no more is known
  tp,
  cp,
  ep,
  pp,
  dp,
  communication,  // a collective whose dimension is not known
  copy,           // between host and device, or offload
  bubble,         // idle, waiting for another pipeline stage
  exposed,        // idle, waiting for another transfer
  host,
  annotation,  // a name for what lies below it
  other,
};
inline constexpr int kEventClasses = 18;

constexpr int index_of(EventClass c) {
  return static_cast<int>(c);
}

// "forward", "TP communication"…
std::string_view to_string(EventClass c);

// "compute", "exposed": the name in tables of time.
bool is_compute(EventClass c);
bool is_communication(EventClass c);
bool is_idle(EventClass c);  // what is missing, not what is there

// From what files say: our categories ("compute", "tp") with the letter of the
// schedule action around it (F, B, W; 0 is none), Kineto's ("kernel", "cpu_op")
// with the kernel's name.
EventClass classify(std::string_view category, std::string_view name, char action);

}  // namespace orrery::gui
