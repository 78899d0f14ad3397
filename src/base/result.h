// Result<T>: a value, or an error that a caller can meet and a person can read.
//
// Every message has one form, "[where] what; got X; expected Y; hint", so that whoever reads it knows the place, the
// fault and the next step. Our own bugs are `assert`s, not Errors. Exceptions never cross a room's border.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace pegbox {

/// What sort of fault it is. Programs choose their exit code by it, callers their next step.
enum class ErrorKind : std::uint8_t {
  InvalidInput,  ///< a file, flag or argument that a person wrote is wrong
  NotFound,      ///< a named study, trial or file does not exist
  Conflict,      ///< somebody else holds or has changed the thing
  Corrupt,       ///< stored bytes are damaged
  Unsupported,   ///< written by a newer version, or a feature that is not built in
  Io,            ///< the operating system refused: disk full, permission, broken pipe
  OutOfMemory,   ///< a device or the host ran out of memory
  Diverged,      ///< a loss that is not a number
  Interrupted,   ///< stopped by a person or a signal
  Internal,      ///< a library failed in a way that we did not foresee
};

/// A fault with its message in the one form above.
struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;

/// The parts of a message; empty ones are left out.
struct Problem {
  std::string where;     ///< file and line, study and trial, function: the place
  std::string what;      ///< the fault, in words
  std::string got;       ///< what was found
  std::string expected;  ///< what would have been right
  std::string hint;      ///< what to do next
};

/// "[where] what; got X; expected Y; hint".
std::string format_problem(const Problem& problem);

/// The error of a failed call: `return fail(ErrorKind::NotFound, {.where = path, .what = "no such file"});`
tl::unexpected<Error> fail(ErrorKind kind, const Problem& problem);

/// The last operating system error (`errno`) as an Io error about `where`. A full disk is said in words.
tl::unexpected<Error> fail_errno(std::string where, std::string what);

}  // namespace pegbox

#define PEGBOX_CONCAT_(a, b) a##b
#define PEGBOX_CONCAT(a, b) PEGBOX_CONCAT_(a, b)

/// `PEGBOX_TRY(auto text, read_file(path));` declares `text`, or returns the error from the function it stands in.
#define PEGBOX_TRY(declaration, ...)                                                                                  \
  auto PEGBOX_CONCAT(try_, __LINE__) = (__VA_ARGS__);                                                                 \
  if (!PEGBOX_CONCAT(try_, __LINE__)) return ::tl::make_unexpected(std::move(PEGBOX_CONCAT(try_, __LINE__)).error()); \
  declaration = *std::move(PEGBOX_CONCAT(try_, __LINE__))

/// `PEGBOX_CHECK(write());` for a Result<void>: goes on, or returns the error.
#define PEGBOX_CHECK(...)                                                                                 \
  do {                                                                                                    \
    if (auto checked = (__VA_ARGS__); !checked) return ::tl::make_unexpected(std::move(checked).error()); \
  } while (false)
