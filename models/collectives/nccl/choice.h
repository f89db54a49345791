#pragma once

#include <optional>
#include <span>
#include <vector>

#include "models/collectives/links/communicator.h"
#include "models/collectives/nccl/laid_graph.h"
#include "models/collectives/steps/written.h"
#include "sim/program.h"

namespace orrery::models {

// What a person has settled already, as NCCL_ALGO and NCCL_PROTO do. Settings that
// an operation cannot follow do not touch it.
struct Forced {
  std::optional<Algorithm> algorithm;
  std::optional<Protocol> protocol;
  bool int8 = false;                            // of the elements (Communicator::int8)
  std::shared_ptr<const LaidGraph> laid;        // channels as NCCL laid them; null: as its search would
  std::shared_ptr<const WrittenSteps> written;  // a person's own, for groups of as many ranks; null for none
  bool exchanges_aside = false;  // all-to-alls run on SMs set aside for them: they take bandwidth from kernels alone
  bool operator==(const Forced&) const = default;
};

// Steps of a ring: 2(n-1) for all-reduce, n-1 for the others.
int ring_steps(sim::TransferKind kind, int ranks);

// Whether NCCL could run the operation so on these ranks.
bool nccl_can(sim::TransferKind kind, const Communicator& comm, Choice choice);

// NCCL's own estimate, microseconds (docs/collectives.md; graph/tuning.cc). It
// decides, it does not predict.
double nccl_estimate(sim::TransferKind kind, double bytes, const Communicator& comm, Choice choice);

// Algorithms and protocols that are possible, whatever the size, and not excluded by `forced`. Trees inside one node
// only when forced: their chain never beats the ring there.
std::vector<Choice> nccl_choices(sim::TransferKind kind, const Communicator& comm, const Forced& forced = {});

// Of those the one whose estimate is least.
Choice nccl_choice(sim::TransferKind kind, double bytes, const Communicator& comm, const Forced& forced,
                   std::span<const Choice> choices);
Choice nccl_choice(sim::TransferKind kind, double bytes, const Communicator& comm, const Forced& forced = {});

}  // namespace orrery::models
