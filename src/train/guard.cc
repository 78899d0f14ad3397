// guard: see guard.h.
#include "train/guard.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <string_view>

#include "base/units.h"

namespace pegbox::train {

namespace {

/// The first line of a message: what follows in libtorch's is a stack trace.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool says_out_of_memory(const std::string& text) {
  constexpr std::array kWords = {"not enough memory", "out of memory", "can't allocate memory",
                                 "size calculation overflowed"};
  return std::ranges::any_of(kWords, [&](const char* words) { return text.find(words) != std::string::npos; });
}

/// What was asked for, from libtorch's "you tried to allocate 8192 bytes"; its own words where it does not say so.
std::string request_in(const std::string& text) {
  constexpr std::string_view kBefore = "tried to allocate ";
  double bytes = 0;
  if (const auto start = text.find(kBefore); start != std::string::npos)
    bytes = std::strtod(text.c_str() + start + kBefore.size(), nullptr);
  if (bytes > 0) return format_bytes(bytes) + " for one tensor";
  return text.find("overflowed") != std::string::npos ? "a tensor larger than all memory there can be"
                                                      : first_line(text);
}

}  // namespace

Error error_of(std::exception_ptr exception, const std::string& where) {
  std::string what;
  bool out_of_memory = false;
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const c10::OutOfMemoryError& error) {
    out_of_memory = true;
    what = error.what_without_backtrace();
  } catch (const c10::Error& error) {
    what = error.what_without_backtrace();
  } catch (const std::bad_alloc& error) {
    out_of_memory = true;
    what = error.what();
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
    what = "an exception of an unknown type";
  }
  if (out_of_memory || says_out_of_memory(what))
    return {ErrorKind::OutOfMemory,
            format_problem({.where = where,
                            .what = "out of memory",
                            .got = request_in(what),
                            .hint = "use a smaller micro_batch, sequence_length, rank or model"})};
  return {ErrorKind::Internal, format_problem({.where = where, .what = first_line(what)})};
}

}  // namespace pegbox::train
