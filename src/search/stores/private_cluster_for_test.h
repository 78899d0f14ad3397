// PrivateCluster: a PostgreSQL server of a test's own, in a temporary folder, on a socket in it.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "base/subprocess.h"

namespace pegbox {

class PrivateCluster {
 public:
  static constexpr char kNone[] = "no PostgreSQL server is installed (Debian: postgresql)";

  /// Made at the first call, gone with the process. nullptr if this machine has no server program.
  static PrivateCluster* of_this_process();

  std::string new_database();  ///< its URL
  Path folder() const { return folder_.path(); }
  void sql(const std::string& database_url, const std::string& text) const;  ///< as its administrator

  void kill();   ///< SIGKILL: the server crashes
  void start();  ///< again; returns when it answers
  bool has_ended();

 private:
  PrivateCluster(Path programs, TemporaryFolder folder) : programs_(std::move(programs)), folder_(std::move(folder)) {}
  Path data() const { return folder_.path() / "data"; }

  Path programs_;  // the folder with initdb, postgres and psql
  TemporaryFolder folder_;
  std::unique_ptr<Subprocess> server_;
  int databases_ = 0;
};

}  // namespace pegbox
