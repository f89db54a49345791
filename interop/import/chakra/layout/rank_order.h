#pragma once

#include "interop/import/chakra/layout/split.h"

namespace orrery::interop::chakra {

// `layout.order` by how far apart the members of rank 0's groups are; empty where it is the
// default one, or not to be told. `roles`: of rank 0's stage.
std::string rank_order(const World& world, const Pipeline& pipeline, const Roles& roles, const Split& split);

}  // namespace orrery::interop::chakra
