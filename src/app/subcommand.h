// Subcommand: one of the program's commands, `pegbox NAME ...`. Each has a file under commands/ and a row in their
// table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/exit_code.h"
#include "app/option.h"
#include "base/result.h"

namespace pegbox {

class Session;

/// Where a command stands in `pegbox --help`.
enum class CommandGroup : std::uint8_t { Search, Studies, Models, Program };

struct CommandText {
  std::string name;
  CommandGroup group = CommandGroup::Program;
  std::string summary;      ///< one line, in the list of commands
  std::string description;  ///< what it does, one or a few sentences
  std::string example;      ///< one or more whole command lines
  bool uses_store = false;  ///< takes --store
  bool has_result = false;  ///< takes --json
};

class Subcommand {
 public:
  virtual ~Subcommand() = default;
  virtual CommandText text() const = 0;
  virtual std::vector<Option> options() = 0;  ///< its own, not the common ones; their targets are members

  /// An error is shown by the caller and decides the exit code (see `exit_code_of`).
  virtual Result<ExitCode> run(Session& session) = 0;
};

}  // namespace pegbox
