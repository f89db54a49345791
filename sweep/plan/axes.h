#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "models/scenario/scenario.h"
#include "sweep/space.h"

namespace orrery::sweep {

// The keys that a plan searches for a scenario's model and cluster, and their values: TP inside an NVLink
// domain, PP, virtual stages, CP for long sequences, EP and the split of experts, micro-batch, recomputation,
// sharding in the kind that the scenario uses (ZeRO or FSDP). Keys in `fixed` stay as they are;
// those in `also` are searched too, out of searched_on_request(). Not all combinations are possible (layouts.h).
std::vector<Axis> layout_axes(const models::Scenario& scenario, const std::set<std::string>& fixed,
                              const std::set<std::string>& also = {});

// Keys that multiply a search and seldom decide it. How layers are dealt (pipeline.stage_layers)
// is no axis: it follows from a layout and what its stages cost (models/compile/balanced_stages);
// nor is what single layers do (layout.by_layers: sweep/plan/layer_choice.h).
std::vector<std::string> searched_on_request();

// Of layout.order: replicas between the stages, or stages between the replicas.
inline constexpr std::array<const char*, 2> kOrders = {"[tp,cp,ep,dp,pp]", "[tp,cp,ep,pp,dp]"};
// How training.recompute begins that says how many layers of a rank.
inline constexpr const char* kLayersOfARank = R"({"full_layers":)";

// Of chunks a rank: counts that are always searched,
bool is_usual_chunk_count(std::int64_t n);
// and of all chunks: whether the layers, or those with embedding and head (as layers are dealt without
// pipeline.stage_layers), go evenly into them.
bool are_even(std::int64_t layers, std::int64_t chunks);

}  // namespace orrery::sweep
