#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/base/read/search_path.h"
#include "topology/listed.h"
#include "topology/read/files/node_file.h"

namespace orrery::topology {

// What `cluster.fabric.file` names. Told apart by what is in it, not by its name:
// an NCCL topology and an `nvidia-smi topo -m` describe one node; a YAML fabric
// and an `ibnetdiscover` the network between nodes.
struct FabricFile {
  NodeFile node;                        // what it says, as keys of `cluster`
  std::optional<ListedFabric> network;  // absent where it describes one node
};

// `asked_at` is where a fault of opening the file is told. An NCCL graph file is
// read (its faults are told) and refused: it holds rings, not wires.
Result<FabricFile> read_fabric_file(const std::string& path, const Where& asked_at, const LinkFacts& facts,
                                    const SearchPath& presets);

// Whether a text is what another program wrote of a node or a network (NCCL's XML, nvidia-smi, ibnetdiscover) rather
// than a document of ours.
bool is_foreign_fabric(std::string_view text);

// The same as read_fabric_file() for a text that was read already.
Result<FabricFile> parse_fabric_file(std::string_view text, const std::string& file, const LinkFacts& facts,
                                     const PciDevices& devices);

}  // namespace orrery::topology
