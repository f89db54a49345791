#pragma once

#include <memory>

#include "interop/trace/write/output/event_format.h"
#include "interop/trace/write/output/output_file.h"

namespace orrery::interop {

// Perfetto's protobuf trace: ranks are processes, streams are tracks below them
// in their order, names are interned. Times are nanoseconds (rounded down).
// `causes` are the names of memory's parts; `names` must outlive the format.
std::unique_ptr<EventFormat> perfetto_format(std::unique_ptr<OutputFile> file, const NameTable& names,
                                             const std::vector<std::string>& causes);

}  // namespace orrery::interop
