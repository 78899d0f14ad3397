# pegbox_room: a room of the house is one static library with the dependencies of src/LAYERS, and one test program.
#
#   pegbox_room(math SOURCES gp.cc DEPENDS base LIBRARIES Eigen3::Eigen TESTS gp_test.cc)
#
# A test named x_test.cc stands beside x.cc. PRECOMPILED: which headers are parsed once (precompiled.cmake); `code` if
# nothing is said.
function(pegbox_room name)
  cmake_parse_arguments(ROOM "" "PRECOMPILED" "SOURCES;DEPENDS;LIBRARIES;TESTS" ${ARGN})
  string(REPLACE "/" "_" target "pegbox_${name}")
  if(NOT ROOM_PRECOMPILED)
    set(ROOM_PRECOMPILED code)
  endif()
  if(ROOM_SOURCES)
    add_library(${target} STATIC ${ROOM_SOURCES})
    pegbox_precompile(${target} ${ROOM_PRECOMPILED})
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
  if(ROOM_TESTS)
    pegbox_room_test(${name} TESTS ${ROOM_TESTS} LIBRARIES ${target})
  endif()
endfunction()

# pegbox_room_test: the test program of a room; each of its tests is an entry of ctest.
function(pegbox_room_test name)
  cmake_parse_arguments(ROOM "" "" "TESTS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target "pegbox_${name}_test")
  if(PEGBOX_TESTS AND ROOM_TESTS)
    add_executable(${target} ${ROOM_TESTS})
    pegbox_precompile(${target} test)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)  # half the time to compile; what is tested keeps its own
    target_link_libraries(${target} PRIVATE ${ROOM_LIBRARIES} GTest::gmock GTest::gtest_main)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX "${name}: "
                         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES TIMEOUT 300 LABELS "${name}")
  endif()
endfunction()
