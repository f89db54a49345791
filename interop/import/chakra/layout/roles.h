#pragma once

#include <map>

#include "interop/import/chakra/layout/rank_step.h"
#include "interop/import/chakra/read/world.h"

namespace orrery::interop::chakra {

// What a collective carries, told by what computes stand before and behind it.
enum class Role : char { unknown, gradients, parameters, activations };

struct Transfer {
  std::uint32_t node = 0;
  Role role = Role::unknown;
  bool feeds_work = false;  // a compute of the same step waits for it
};

struct GroupRole {
  Role role = Role::unknown;
  bool mixed = false;                 // gradients and activations over the same ranks
  std::int64_t bytes[3] = {0, 0, 0};  // gradients, parameters, activations
};

struct Roles {
  std::vector<Transfer> transfers;          // in the order of step.transfers
  std::map<std::string, GroupRole> groups;  // of more than one rank
};

Roles roles_of(const RankStep& step, const World& world);

// Where a collective's bytes are counted in GroupRole; -1: nowhere.
int index_of(Role role);

bool reduces(Collective collective);

}  // namespace orrery::interop::chakra
