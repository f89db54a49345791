# Parts that can be asked for. What does not exist yet is refused by name: an
# option is never accepted and ignored.
if(NOT ORRERY_GUI MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ORRERY_GUI=${ORRERY_GUI}: it is AUTO, ON or OFF")
endif()

if(NOT ORRERY_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ORRERY_CUDA=${ORRERY_CUDA}: it is AUTO, ON or OFF")
endif()

if(NOT ORRERY_MPI MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ORRERY_MPI=${ORRERY_MPI}: it is AUTO, ON or OFF")
endif()

if(NOT ORRERY_PNG MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "ORRERY_PNG=${ORRERY_PNG}: it is AUTO, ON or OFF")
endif()

if(ORRERY_FUZZ AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "ORRERY_FUZZ=ON needs clang (libFuzzer): configure with -DCMAKE_CXX_COMPILER=clang++")
endif()

# A folder joins the build when it has something to build.
function(orrery_add_if_present folder)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${folder})
  endif()
endfunction()
