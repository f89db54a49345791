# The window: built where Qt 6 is (ORRERY_GUI=AUTO), demanded (ON) or left out (OFF).
# Sets ORRERY_HAS_GUI, and says what was decided.
#
# Qt Charts is GPL-3: the executable orrery-gui alone links it.
set(ORRERY_HAS_GUI FALSE)
set(missing "")
if(ORRERY_GUI STREQUAL "OFF")
  set(missing "ORRERY_GUI=OFF")
else()
  find_package(Qt6 6.4 QUIET COMPONENTS Widgets Charts Svg Test)
  if(Qt6Widgets_FOUND AND Qt6Charts_FOUND AND Qt6Svg_FOUND AND Qt6Test_FOUND)
    set(ORRERY_HAS_GUI TRUE)
  else()
    set(missing "no Qt 6.4 with Widgets, Charts and Svg: scripts/install-packages gui")
  endif()
endif()

if(ORRERY_HAS_GUI)
  message(STATUS "Window: Qt ${Qt6_VERSION}")
elseif(ORRERY_GUI STREQUAL "ON")
  message(FATAL_ERROR "ORRERY_GUI=ON, but: ${missing}")
else()
  message(STATUS "Window: not built (${missing})")
endif()
