#pragma once

#include "interop/import/chakra/layers.h"
#include "interop/import/chakra/layout/rank_order.h"

namespace orrery::interop::chakra {

// The job that the traces show, one rank of each stage looked at closely.
struct Job {
  World world;
  Pipeline pipeline;
  std::vector<RankStep> steps;
  std::vector<Layers> layers;
  Split split;
  std::string order;  // of the ranks; empty: the default one
};

Job job_of(World world);

// Over all layers of all stages.
double sum_of(const Job& job, double Layer::*of);

}  // namespace orrery::interop::chakra
