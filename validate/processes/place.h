#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/base/result.h"

namespace orrery::validate {

// Where one process of a run stands, and where all meet.
struct ProcessPlace {
  int rank = 0, world = 1;
  int local_rank = 0;  // on its host: which GPU it takes
  std::string address = "127.0.0.1";
  int port = 29500;

  bool operator==(const ProcessPlace&) const = default;
};

// What the command line says of it.
struct PlaceFlags {
  std::optional<int> rank, world, local_rank, port;
  std::string address;
};

// Value of an environment variable, or null.
using Environment = std::function<const char*(const char*)>;

// From flags first, then from what launchers set: our own (ORRERY_RANK…), torchrun
// (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), Open MPI (OMPI_COMM_WORLD_…),
// MPICH and Intel MPI (PMI_RANK, PMI_SIZE, MPI_LOCALRANKID), srun (SLURM_PROCID,
// SLURM_NTASKS, SLURM_LOCALID; rank 0 is on the first node of SLURM_JOB_NODELIST).
// One process alone where nobody says anything.
Result<ProcessPlace> place_of(const PlaceFlags& flags, const Environment& environment);

// "node[03-08,12],gpu1" -> "node03".
std::string first_host(const std::string& node_list);

}  // namespace orrery::validate
