#pragma once

#include <string>

#include "sim/base/read/fields.h"
#include "topology/hardware.h"

namespace orrery::topology {

// Values that no hardware has are mix-ups of units (bits for bytes, both
// directions for one, mega for giga) or typing errors, and are refused with
// what was probably meant.

void check_memory(Fields& gpu, Bytes memory);
void check_memory_bandwidth(Fields& gpu, BytesPerSecond rate);
void check_peak(Fields& peak, std::string_view dtype, FlopsPerSecond rate);
void check_nic(Fields& fabric, BytesPerSecond link, std::string_view key = "link");

// `rated` is the datasheet's for the generation, zero where none is named.
void check_scale_up(Fields& scale_up, BytesPerSecond bandwidth, BytesPerSecond rated);

// "450 GB/s", "3.35 TB/s"; "400 Gb/s".
std::string in_bytes(BytesPerSecond rate);
std::string in_bits(BytesPerSecond rate);

}  // namespace orrery::topology
