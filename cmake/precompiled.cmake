# Precompiled headers: what nearly every file of a kind reads, parsed once. They are for speed alone: each file includes
# what it uses and compiles without them (the preset `debug` does).
option(PEGBOX_PRECOMPILED "precompile the headers that most files read" ON)

set(PEGBOX_PRECOMPILED_code <algorithm> <functional> <map> <memory> <optional> <string> <string_view> <vector>
    <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)
set(PEGBOX_PRECOMPILED_test <gmock/gmock.h> <gtest/gtest.h> ${PEGBOX_PRECOMPILED_code})
set(PEGBOX_PRECOMPILED_torch <ATen/core/Tensor.h> ${PEGBOX_PRECOMPILED_code})

# pegbox_precompile(target kind): the first target of a kind makes its header, the others read it. The kind `none` does nothing.
function(pegbox_precompile target kind)
  if(NOT PEGBOX_PRECOMPILED OR kind STREQUAL none)
    return()
  endif()
  get_property(owner GLOBAL PROPERTY PEGBOX_PRECOMPILED_OWNER_${kind})
  if(owner)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${target} PRIVATE ${PEGBOX_PRECOMPILED_${kind}})
    set_property(GLOBAL PROPERTY PEGBOX_PRECOMPILED_OWNER_${kind} ${target})
  endif()
endfunction()
