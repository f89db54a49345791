#pragma once

#include <optional>

#include "topology/read/files/fabric_file.h"

namespace orrery::topology {

// `cluster.fabric.file` as a layer between a preset and the scenario's own mapping:
// what the file says lies over the preset, what the scenario says over both.
//
// Reads the file that `cluster` (preset and scenario together) names and puts it
// over `preset`, which may be null; nothing where no file is named. Errors: what is
// wrong in the file, and what it and the preset tell differently of a node's GPUs.
struct FileLayer {
  FabricFile file;
  Node base;  // what the scenario lies over
};
std::optional<FileLayer> read_file_layer(const Node& cluster, const Node* preset, const Node& scenario,
                                         const LinkFacts& facts, const SearchPath& path, Errors& errors);

// What nobody says once everything is laid together, each told at the element that lacks it.
void check_gaps(const FileLayer& layer, const Node& whole, Errors& errors);

}  // namespace orrery::topology
