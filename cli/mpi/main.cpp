// orrery as a crew of processes: `mpirun orrery sweep run --mpi` goes on as this program.
#include <mpi.h>

#include "cli/mpi/mpi_crew.h"
#include "cli/process/crew.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  orrery::cli::join_crew(std::make_unique<orrery::cli::MpiCrew>());
  const int status = orrery::cli::run_program(argc, argv);
  MPI_Finalize();
  return status;
}
