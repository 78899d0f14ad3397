# pegbox_room: a room of the house is one static library with the dependencies of src/LAYERS, and one test program.
#
#   pegbox_room(math SOURCES gp.cc DEPENDS base LIBRARIES Eigen3::Eigen TESTS gp_test.cc)
#
# A test named x_test.cc stands beside x.cc. DATA_TESTS run as one ctest entry each (for slow starters).
function(pegbox_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;LIBRARIES;TESTS" ${ARGN})
  string(REPLACE "/" "_" target "pegbox_${name}")
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_link_libraries(${target} ${scope} pegbox_options ${ROOM_LIBRARIES})
  foreach(room ${ROOM_DEPENDS})
    string(REPLACE "/" "_" room "pegbox_${room}")
    target_link_libraries(${target} ${scope} ${room})
  endforeach()
  if(PEGBOX_TESTS AND ROOM_TESTS)
    add_executable(${target}_test ${ROOM_TESTS})
    target_link_libraries(${target}_test PRIVATE ${target} GTest::gmock GTest::gtest_main)
    gtest_discover_tests(${target}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX "${name}: "
                         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES TIMEOUT 300 LABELS ${name})
  endif()
endfunction()
