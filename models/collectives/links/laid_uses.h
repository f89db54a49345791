#pragma once

#include "models/collectives/links/link_uses.h"
#include "models/collectives/nccl/laid_graph.h"

namespace orrery::models {

// The links of rings and trees as NCCL laid them through nodes, their channels in turn (ChannelGraph::spread together).
void add_laid_rings(LinkCounter& links, const LaidGraph& laid, const Communicator& comm, bool closed);
void add_laid_trees(LinkCounter& links, const LaidGraph& laid, const Communicator& comm);

}  // namespace orrery::models
