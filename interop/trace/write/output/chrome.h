#pragma once

#include <memory>

#include "interop/trace/write/output/event_format.h"
#include "interop/trace/write/output/output_file.h"

namespace orrery::interop {

// Chrome trace events (JSON): ranks are processes, streams are threads. `causes`
// are the names of memory's parts; `names` must outlive the format.
std::unique_ptr<EventFormat> chrome_format(std::unique_ptr<OutputFile> file, const NameTable& names,
                                           const std::vector<std::string>& causes);

// `text` as a JSON string with its quotes: control characters escaped, bytes
// that are not UTF-8 replaced by U+FFFD.
std::string json_string(std::string_view text);

}  // namespace orrery::interop
