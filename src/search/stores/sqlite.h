// SqliteStore: studies in one SQLite file in WAL mode, synchronous=FULL: a commit costs one fdatasync.
//
// `append` only buffers; `wait` writes all that is buffered, of all threads and studies, in one transaction. There is
// no thread behind it: whoever appends calls `wait` soon (the tuner does within 100 ms). Every event carries a checksum
// over its study, index and content; a damaged or missing one is named when it is read.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "search/stores/group_commit.h"
#include "search/stores/sqlite_connection.h"
#include "search/stores/table.h"

namespace pegbox {

class SqliteStore final : public Store {
 public:
  /// Opens in about a millisecond. See OpenMode. `busy_timeout_s`: how long another process may hold the file.
  static Result<std::unique_ptr<Store>> open(const Path& file, OpenMode mode, double busy_timeout_s = 10);
  ~SqliteStore() override;  ///< writes what is still buffered, if it can

  Result<void> create(const std::string& study) override;
  Result<std::vector<StudyEntry>> list() override;
  Result<StudyEntry> entry(const std::string& study) override;
  Result<std::vector<Event>> read(const std::string& study, std::uint64_t from, std::size_t most) override;
  Result<Ticket> append(const std::string& study, std::uint64_t expected_length,
                        std::span<const Event> events) override;
  Result<void> wait(Ticket ticket) override;

  /// A lock on the file FILE.STUDY.lock (see lock_file_of), which stays when the lease is given back.
  Result<std::unique_ptr<StudyLease>> lease(const std::string& study) override;

  Result<bool> is_leased(const std::string& study) override;

  Result<void> post(const std::string& study, const PostedCommand& command) override;
  Result<std::vector<PostedCommand>> take_commands(const std::string& study) override;
  Result<void> remove(const std::string& study) override;  ///< Conflict while a process runs it
  Result<void> backup(const Path& target) override;        ///< see check_backup_target
  Result<void> compact() override;

 private:
  struct Tail;
  struct Writer;
  struct Reader;

  SqliteStore(Path file, OpenMode mode);
  Result<void> connect(double busy_timeout_s);
  Result<void> connect_reader(SqliteConnection connection);
  Result<void> check_writable() const;
  Result<StudyEntry> find_study(SqliteStatement& find, const std::string& study) const;
  Result<std::int64_t> study_id(SqliteStatement& find, const std::string& study) const;
  Result<Tail*> tail(const std::string& study);
  Result<GroupCommit::Refusals> commit(std::span<const Batch> batches);
  Result<std::uint64_t> length(const std::string& study);

  const Path file_;
  const OpenMode mode_;
  std::mutex write_mutex_, read_mutex_;
  std::unique_ptr<Writer> writer_;  // nullptr if only read
  std::unique_ptr<Reader> reader_;
  GroupCommit group_;
};

}  // namespace pegbox
