#include "gui/model/store/event_class.h"

#include <algorithm>
#include <cctype>

namespace orrery::gui {
namespace {

constexpr std::array<std::string_view, kEventClasses> kNames = {"forward",          "backward",
                                                                "weight gradient",  "recompute",
                                                                "optimizer",        "compute",
                                                                "TP communication", "CP communication",
                                                                "EP communication", "PP communication",
                                                                "DP communication", "communication",
                                                                "copy and offload", "pipeline bubble",
                                                                "exposed wait",     "host",
                                                                "annotation",       "other"};

struct Known {
  std::string_view category;
  EventClass is;
};

// Ours (models/compile), then Kineto's.
constexpr Known kCategories[] = {
    {"recompute", EventClass::recompute},
    {"tp", EventClass::tp},
    {"cp", EventClass::cp},
    {"ep", EventClass::ep},
    {"pp", EventClass::pp},
    {"dp", EventClass::dp},
    {"optimizer", EventClass::optimizer},
    {"offload", EventClass::copy},
    {"host", EventClass::host},
    {"other", EventClass::other},
    {"gpu_memcpy", EventClass::copy},
    {"gpu_memset", EventClass::copy},
    {"cpu_op", EventClass::host},
    {"cuda_runtime", EventClass::host},
    {"cuda_driver", EventClass::host},
    {"cuda_sync", EventClass::host},
    {"python_function", EventClass::host},
    {"user_annotation", EventClass::annotation},
    {"gpu_user_annotation", EventClass::annotation},
    {"overhead", EventClass::other},
    {"Trace", EventClass::annotation},
};

bool contains(std::string_view text, std::string_view lower) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), same) != text.end();
}

EventClass by_action(char action) {
  switch (action) {
    case 'F':
      return EventClass::forward;
    case 'B':
    case 'I':
      return EventClass::backward;
    case 'W':
      return EventClass::weight_gradient;
    case 'R':
      return EventClass::recompute;
    default:
      return EventClass::compute;
  }
}

}  // namespace

std::string_view to_string(EventClass c) {
  return kNames[static_cast<std::size_t>(index_of(c))];
}

bool is_compute(EventClass c) {
  return c <= EventClass::compute;
}

bool is_communication(EventClass c) {
  return c >= EventClass::tp && c <= EventClass::communication;
}

bool is_idle(EventClass c) {
  return c == EventClass::bubble || c == EventClass::exposed;
}

EventClass classify(std::string_view category, std::string_view name, char action) {
  if (category == "compute" || category == "schedule") return by_action(action);
  for (const Known& known : kCategories)
    if (known.category == category) return known.is;
  if (contains(name, "nccl")) return EventClass::communication;
  if (contains(name, "memcpy") || contains(name, "memset")) return EventClass::copy;
  return contains(category, "kernel") ? EventClass::compute : EventClass::other;
}

}  // namespace orrery::gui
