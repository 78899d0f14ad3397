// guard: see guard.h.
#include "train/guard.h"

#include <c10/util/Exception.h>

#include <new>

namespace pegbox::train {

namespace {

/// The first line of a message: what follows in libtorch's is a stack trace.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

bool says_out_of_memory(const std::string& text) {
  return text.find("not enough memory") != std::string::npos || text.find("out of memory") != std::string::npos ||
         text.find("can't allocate memory") != std::string::npos;
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
                            .what = "out of memory: " + first_line(what),
                            .hint = "use a smaller micro_batch, sequence_length, rank or model"})};
  return {ErrorKind::Internal, format_problem({.where = where, .what = first_line(what)})};
}

}  // namespace pegbox::train
