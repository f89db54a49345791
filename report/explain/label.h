#pragma once

#include <string>

#include "sim/workload.h"

namespace orrery::report {

// "layer 7 qkv" and "layer 8 qkv" are one op to those who ask where time goes: "qkv".
std::string without_layer(const std::string& label);

// What an op is called in its program, without its layer.
std::string op_name(const sim::Workload& workload, RankId rank, sim::StreamIndex stream, sim::OpIndex op);

}  // namespace orrery::report
