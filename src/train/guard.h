// guard: the border to libtorch, where its exceptions become Errors.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "base/result.h"

namespace pegbox::train {

/// The Error of an exception that libtorch or the allocator threw; OutOfMemory is told apart.
Error error_of(std::exception_ptr exception, const std::string& where);

/// Calls `function`, which returns a Result, and turns what it throws into an Error about `where`.
template <class Function>
auto guard(const std::string& where, Function&& function) -> decltype(function()) {
  try {
    return std::forward<Function>(function)();
  } catch (...) {
    return tl::make_unexpected(error_of(std::current_exception(), where));
  }
}

}  // namespace pegbox::train
