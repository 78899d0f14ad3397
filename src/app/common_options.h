// CommonOptions: what every command takes.
#pragma once

#include <string>
#include <vector>

#include "app/option.h"
#include "app/subcommand.h"

namespace pegbox {

struct CommonOptions {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::string log_file;
  std::string store;
};

/// The rows of the common options that a command has: --json and --store only where they mean something.
std::vector<Option> common_option_rows(CommonOptions& options, const CommandText& text);

}  // namespace pegbox
