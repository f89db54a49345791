#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "interop/import/draft.h"
#include "sim/base/read/search_path.h"
#include "sim/base/result.h"

namespace orrery::interop {

// Foreign configurations as scenarios (docs/import.md). Nothing is run, whatever
// the file is; what it leaves open is assumed with a reason or told.

enum class Foreign { hf, megatron, deepspeed, torchtitan, nemo, nccl_xml, chakra };

struct ForeignText {
  std::string file, text;
};

struct ImportOptions {
  std::int64_t gpus = 0;   // 0: what the file says
  std::string cluster;     // a preset's name; empty: assumed
  std::string model;       // a preset's name or a config.json; empty: what the files say
  std::string table = {};  // what a scenario calls the table of layers beside it; empty: layers.csv
};

// Several files where one alone is not enough: a script and what it sources, a
// DeepSpeed or TorchTitan configuration and the model's config.json. Errors: files
// that are not of the format, contradictions, and what a scenario cannot do without.
Result<Draft> import_texts(Foreign format, const std::vector<ForeignText>& texts, const ImportOptions& options,
                           const SearchPath& presets);

// The same from disk. Of execution traces, one file, their common prefix or their folder is enough.
Result<Draft> import_files(Foreign format, const std::vector<std::string>& files, const ImportOptions& options,
                           const SearchPath& presets);

}  // namespace orrery::interop
