# pegbox_room: a room of the house is one static library with the dependencies of src/LAYERS, and one test program.
#
#   pegbox_room(math DEPENDS base LIBRARIES Eigen3::Eigen)
#
# The room is what its folder holds: x_test.cc tests x.cc and stands beside it; testing.cc and x_for_test.cc help tests.
# Rooms with folders of their own inside, or parts that not every build has, say what they hold: SOURCES and TESTS.
# TESTS_APART: the room's tests need rooms above it; whoever calls builds them. PRECOMPILED: which headers are parsed once
# (precompiled.cmake); `code` if nothing is said; `none` for the room and its tests.
function(pegbox_room name)
  cmake_parse_arguments(ROOM "TESTS_APART" "PRECOMPILED" "SOURCES;DEPENDS;LIBRARIES;TESTS" ${ARGN})
  string(REPLACE "/" "_" target "pegbox_${name}")
  if(NOT ROOM_SOURCES)
    file(GLOB ROOM_SOURCES CONFIGURE_DEPENDS *.cc)
    set(ROOM_TESTS ${ROOM_SOURCES})
    list(FILTER ROOM_TESTS INCLUDE REGEX "(_test|/testing)\\.cc$")
    list(REMOVE_ITEM ROOM_SOURCES ${ROOM_TESTS})
  endif()
  set(tests_read test)
  if(NOT ROOM_PRECOMPILED)
    set(ROOM_PRECOMPILED code)
  elseif(ROOM_PRECOMPILED STREQUAL none)
    set(tests_read none)
  endif()
  add_library(${target} STATIC ${ROOM_SOURCES})
  pegbox_precompile(${target} ${ROOM_PRECOMPILED})
  target_link_libraries(${target} PUBLIC pegbox_options ${ROOM_LIBRARIES})
  foreach(room ${ROOM_DEPENDS})
    string(REPLACE "/" "_" room "pegbox_${room}")
    target_link_libraries(${target} PUBLIC ${room})
  endforeach()
  if(ROOM_TESTS AND NOT ROOM_TESTS_APART)
    pegbox_room_test(${name} PRECOMPILED ${tests_read} TESTS ${ROOM_TESTS} LIBRARIES ${target})
  endif()
endfunction()

# pegbox_room_test: the test program of a room; each of its tests is an entry of ctest.
function(pegbox_room_test name)
  cmake_parse_arguments(ROOM "" "PRECOMPILED" "TESTS;LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target "pegbox_${name}_test")
  if(NOT ROOM_PRECOMPILED)
    set(ROOM_PRECOMPILED test)
  endif()
  if(PEGBOX_TESTS AND ROOM_TESTS)
    add_executable(${target} ${ROOM_TESTS})
    pegbox_precompile(${target} ${ROOM_PRECOMPILED})
    target_compile_options(${target} PRIVATE -O0)  # half the time to compile; what is tested keeps its own
    target_link_libraries(${target} PRIVATE ${ROOM_LIBRARIES} GTest::gmock GTest::gtest_main)
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX "${name}: "
                         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES TIMEOUT 300 LABELS "${name}")
  endif()
endfunction()
