// FaultyDisk: SQLite's access to the disk, counted, and refused on demand: for the tests of the SQLite store.
#pragma once

#include <sqlite3.h>

#include <atomic>

namespace pegbox {

/// While one lives, databases that are opened go through it. Only one at a time.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;

  int syncs() const { return syncs_; }  ///< of all files, since the last call of `reset`
  int writes() const { return writes_; }
  void reset() { syncs_ = writes_ = 0; }

  void fail_writes(int code) { write_error_ = code; }  ///< SQLITE_FULL, SQLITE_IOERR_WRITE; SQLITE_OK ends it
  void fail_syncs(int code) { sync_error_ = code; }
  void skip_syncs() { skips_syncs_ = true; }  ///< counts them only, for tests that lose no power

 private:
  friend struct FaultyFile;
  sqlite3_vfs* const real_;
  sqlite3_vfs vfs_;
  std::atomic<int> syncs_ = 0, writes_ = 0, write_error_ = SQLITE_OK, sync_error_ = SQLITE_OK;
  std::atomic<bool> skips_syncs_ = false;
};

}  // namespace pegbox
