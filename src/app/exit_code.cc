// ExitCode: what the program tells the shell.
#include "app/exit_code.h"

namespace pegbox {

ExitCode exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::InvalidInput:
    case ErrorKind::NotFound:
    case ErrorKind::Conflict:
    case ErrorKind::Unsupported:
      return ExitCode::WrongUse;
    case ErrorKind::Interrupted:
      return ExitCode::Interrupted;
    case ErrorKind::Corrupt:
    case ErrorKind::Io:
    case ErrorKind::OutOfMemory:
    case ErrorKind::Diverged:
    case ErrorKind::Internal:
      return ExitCode::Failed;
  }
  return ExitCode::Failed;
}

}  // namespace pegbox
