#pragma once

#include <string>

#include "machine.h"

namespace orrery::pretend {

// What a launch of our kernel of that (mangled) name is as an op of a stream that has so many SMs. Null where its
// arguments point outside of the GPU's memory.
Item kernel_item(const std::string& name, dim3 grid, dim3 block, void** arguments, int sms);

// Nanoseconds of work that is bound by operations or by memory, on a share of the SMs.
double roofline_ns(double flops, double flops_per_ns, double bytes, int sms);

}  // namespace orrery::pretend
