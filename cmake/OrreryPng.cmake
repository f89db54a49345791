# Drawings as PNG: built where librsvg is (ORRERY_PNG=AUTO), demanded (ON) or left out (OFF).
# Sets ORRERY_HAS_PNG, and says what was decided.
#
# The executable orrery-png alone links it: it brings some thirty libraries, and starting
# with those takes longer than most runs.
set(ORRERY_HAS_PNG FALSE)
set(missing "")
if(ORRERY_PNG STREQUAL "OFF")
  set(missing "ORRERY_PNG=OFF")
else()
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(RSVG QUIET IMPORTED_TARGET librsvg-2.0>=2.52)
  endif()
  if(RSVG_FOUND)
    set(ORRERY_HAS_PNG TRUE)
  else()
    set(missing "no librsvg 2.52: scripts/install-packages png")
  endif()
endif()

if(ORRERY_HAS_PNG)
  message(STATUS "Drawings as PNG: librsvg ${RSVG_VERSION}")
elseif(ORRERY_PNG STREQUAL "ON")
  message(FATAL_ERROR "ORRERY_PNG=ON, but: ${missing}")
else()
  message(STATUS "Drawings as PNG: not built (${missing})")
endif()
