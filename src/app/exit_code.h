// ExitCode: what the program tells the shell.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace pegbox {

enum class ExitCode : std::uint8_t {
  Done = 0,
  WrongUse = 2,       ///< a flag, file or name that a person gave is wrong: nothing was started
  Failed = 3,         ///< the study or the run failed
  Interrupted = 130,  ///< by Ctrl-C or a signal
};

/// The exit code that goes with an error.
ExitCode exit_code_of(ErrorKind kind);

}  // namespace pegbox
