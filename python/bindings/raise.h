// Raise: errors of the library as exceptions on their way to Python. The one border at which pegbox throws.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <utility>

#include "base/result.h"

namespace pegbox::python {

/// Becomes the class of pegbox/errors.py that has the kind's name.
class Raised final : public std::exception {
 public:
  explicit Raised(Error error) : error_(std::move(error)) {}
  const Error& error() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

 private:
  Error error_;
};

inline void raise_if_failed(Result<void> result) {
  if (!result) throw Raised(std::move(result).error());
}

template <class T>
T value_or_raise(Result<T> result) {
  if (!result) throw Raised(std::move(result).error());
  return *std::move(result);
}

[[noreturn]] inline void raise(ErrorKind kind, const Problem& problem) {
  throw Raised(Error{kind, format_problem(problem)});
}

}  // namespace pegbox::python
