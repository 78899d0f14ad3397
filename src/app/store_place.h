// StorePlace: where studies are kept: the database file, and the folder beside it for what trials write.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

struct StorePlace {
  Path database;  ///< "pegbox.db"
  Path files;     ///< "pegbox.files"

  /// The folder of one study's trials: checkpoints, outputs, adapters.
  Path study_files(const std::string& study) const { return files / study; }

  /// Reads `--store`, else $PEGBOX_STORE, else pegbox.db in the working directory: `sqlite:FILE` or FILE. Unsupported
  /// for other kinds of store.
  static Result<StorePlace> choose(const std::string& option);
};

}  // namespace pegbox
