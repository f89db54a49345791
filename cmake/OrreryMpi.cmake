# Sweeps over MPI: built where MPI is (ORRERY_MPI=AUTO), demanded (ON) or left out (OFF).
# Sets ORRERY_HAS_MPI, and says what was decided.
#
# The executable orrery-mpi alone links it: starting it takes longer than most runs.
set(ORRERY_HAS_MPI FALSE)
set(missing "")
if(ORRERY_MPI STREQUAL "OFF")
  set(missing "ORRERY_MPI=OFF")
else()
  find_package(MPI QUIET COMPONENTS CXX)
  if(MPI_CXX_FOUND)
    set(ORRERY_HAS_MPI TRUE)
  else()
    set(missing "no MPI: scripts/install-packages mpi")
  endif()
endif()

if(ORRERY_HAS_MPI)
  message(STATUS "Sweeps over MPI: MPI ${MPI_CXX_VERSION}")
elseif(ORRERY_MPI STREQUAL "ON")
  message(FATAL_ERROR "ORRERY_MPI=ON, but: ${missing}")
else()
  message(STATUS "Sweeps over MPI: not built (${missing})")
endif()
