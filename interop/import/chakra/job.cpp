#include "interop/import/chakra/job.h"

namespace orrery::interop::chakra {

Job job_of(World world) {
  Job job;
  job.world = std::move(world);
  job.pipeline = pipeline_of(job.world);
  std::vector<Roles> roles;
  for (std::uint32_t rank : job.pipeline.stages) {
    job.steps.push_back(step_of(job.world.ranks[rank]));
    roles.push_back(roles_of(job.steps.back(), job.world));
  }
  job.split = split_of(job.world, job.pipeline, job.steps, roles);
  for (std::size_t stage = 0; stage < roles.size(); ++stage)
    job.layers.push_back(layers_of(job.steps[stage], roles[stage], {job.world, job.split.tp}));
  job.order = rank_order(job.world, job.pipeline, roles.front(), job.split);
  return job;
}

double sum_of(const Job& job, double Layer::*of) {
  double sum = 0;
  for (const Layers& stage : job.layers)
    for (const Layer& layer : stage.rows) sum += layer.*of;
  return sum;
}

}  // namespace orrery::interop::chakra
