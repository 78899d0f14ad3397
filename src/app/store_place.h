// StorePlace: where studies are kept: a database, and the folder beside it for what trials write.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

struct StorePlace {
  Path database;  ///< the file "pegbox.db"; empty if a server keeps the studies
  Path files;     ///< "pegbox.files"; of a server's database NAME "NAME.postgresql.files" in the working directory
  std::string url = "sqlite:" + database.string();  ///< as open_store takes it; may hold a password

  /// The folder of one study's trials: checkpoints, outputs, adapters.
  Path study_files(const std::string& study) const { return files / study; }
  std::string shown() const;  ///< for people and logs

  /// Reads `--store`, else $PEGBOX_STORE, else pegbox.db in the working directory: `sqlite:FILE`, FILE or
  /// `postgresql://USER@HOST/DATABASE`. Unsupported for other kinds of store.
  static Result<StorePlace> choose(const std::string& option);
};

}  // namespace pegbox
