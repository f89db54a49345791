#pragma once

#include <string_view>

namespace orrery::models::buffer_label {

// Of a stage's buffers that have sizes of its pieces or of messages, what they are for.
inline constexpr std::string_view activations = "activations";
inline constexpr std::string_view workspace = "workspace";
inline constexpr std::string_view output = "stage output";
inline constexpr std::string_view gathered = "gather buffer";
inline constexpr std::string_view inputs = "stage input buffers";

}  // namespace orrery::models::buffer_label
