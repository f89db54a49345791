# Options that hold for every target: the language, warnings as errors, results
# that do not hang on the compiler's floating-point habits.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

add_library(orrery_options INTERFACE)
# nvcc has its own words, and code that it generates is not pedantic.
target_compile_options(orrery_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -ffp-contract=off>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${ORRERY_WERROR}>>:-Werror>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>
  $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${ORRERY_WERROR}>>:-Werror=all-warnings -Xcompiler=-Werror>)
target_include_directories(orrery_options INTERFACE ${PROJECT_SOURCE_DIR})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Both cry wolf over std::string in GCC 12 at -O2 and above: "a" + std::to_string(n)
  # and {{}, std::string} (GCC bugs 105651 and 105562). The sanitizers watch instead.
  target_compile_options(orrery_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict -Wno-maybe-uninitialized>)
endif()

# A build type of its own: optimised enough for the tests to stay fast, with
# assertions and line numbers.
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1 -fno-omit-frame-pointer")
if(ORRERY_SANITIZE)
  add_compile_options(-fsanitize=${ORRERY_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ORRERY_SANITIZE})
  # What UBSan would print lies in static tables with millions of addresses. Where they
  # are relocated and, as GCC does, taken for variables that ASan guards, a program needs
  # half a second to start. Without the guards of globals the library's own checks tell
  # of an index past the end.
  add_link_options(-no-pie)
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(--param=asan-globals=0)
  endif()
endif()

# Some targets are compiled in batches of files (UNITY_BUILD), and nearly all are in the preset asan and
# where ./quickstart or ./check made the build folder: what their headers hold is read and generated
# once a batch. The files of a batch share their anonymous namespaces: one with a private name
# that another of its target has too is compiled by itself. That a file includes what it
# needs is seen by scripts/check-tidy, which reads each alone.
function(orrery_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# What only some machines can build, and is little: never in batches.
function(orrery_not_in_batches)
  set_target_properties(${ARGN} PROPERTIES UNITY_BUILD OFF)
endfunction()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE})
endif()

# A floor of the house: every .cpp under this folder, one library. Patterns to
# leave out are of paths from this folder on.
function(orrery_library name)
  cmake_parse_arguments(ARG "" "" "LINKS;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(pattern IN LISTS ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX ${pattern})
  endforeach()
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC orrery_options ${ARG_LINKS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE orrery_options ${ARG_LINKS})
  endif()
endfunction()

# Code that nobody waits for when it runs, such as a command's options or a test: what its
# optimisation would take the compiler is saved (a third, under sanitizers more).
function(orrery_compile_quickly)
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1> $<$<CONFIG:Sanitize>:-O0>)
  endforeach()
endfunction()
