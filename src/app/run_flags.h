// RunFlags: what one run of the trainer is told on the command line: a file and flags, which go first.
#pragma once

#include <string>
#include <vector>

#include "app/option.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox {

struct RunFlags {
  std::string file, model, validation, method;
  std::vector<std::string> data, columns, set;

  std::vector<Option> options();

  /// The trainer's config. A run file has the trainer's fields; where `takes_study`, a study file serves too: its
  /// trainer's section with the first configuration to try.
  Result<Json> config(bool takes_study = false) const;

  const char* called() const { return file.empty() ? "command line" : file.c_str(); }  ///< in messages
};

}  // namespace pegbox
