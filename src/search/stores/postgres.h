// PostgresStore: studies in the schema "pegbox" of a PostgreSQL database, shared by any number of machines.
//
// One session writes and holds the leases, one reads. `append` only buffers; `wait` writes all that is buffered, of all
// threads and studies, in one transaction, whose commit the server makes durable. A server that goes away is waited
// for, and a commit whose answer was lost on the way is looked for in the log before it is made again. Events carry
// checksums as in an SQLite store.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "search/stores/group_commit.h"
#include "search/stores/postgres_commit.h"
#include "search/stores/table.h"

namespace pegbox {

class PostgresStore final : public Store {
 public:
  /// `url`: see PostgresAddress. The database must exist; its tables are made by the first who may write. Io if no
  /// server answers. `patience_s`: how long one that goes away later is waited for.
  static Result<std::unique_ptr<Store>> open(const std::string& url, OpenMode mode,
                                             double patience_s = PostgresSession::kPatience_s);
  ~PostgresStore() override;  ///< writes what is still buffered, if it can at once

  Result<void> create(const std::string& study) override;
  Result<std::vector<StudyEntry>> list() override;
  Result<StudyEntry> entry(const std::string& study) override;
  Result<std::vector<Event>> read(const std::string& study, std::uint64_t from, std::size_t most) override;
  Result<Ticket> append(const std::string& study, std::uint64_t expected_length,
                        std::span<const Event> events) override;
  Result<void> wait(Ticket ticket) override;

  /// Held by the session that writes. If that comes back after a loss and another process has the study by then, what
  /// is appended is refused with Conflict.
  Result<std::unique_ptr<StudyLease>> lease(const std::string& study) override;
  Result<bool> is_leased(const std::string& study) override;

  Result<void> post(const std::string& study, const PostedCommand& command) override;
  Result<std::vector<PostedCommand>> take_commands(const std::string& study) override;
  Result<void> remove(const std::string& study) override;  ///< Conflict while a process runs it
  Result<void> backup(const Path& target) override;        ///< Unsupported: PostgreSQL's own programs do that
  Result<void> compact() override;

 private:
  /// A session and whose turn it is. Leases keep the writer's alive.
  struct Turn {
    std::mutex mutex;
    std::unique_ptr<PostgresSession> session;
  };
  class Lease;

  PostgresStore(std::string where, OpenMode mode);
  Result<void> connect(std::shared_ptr<const PostgresLibrary> library, const PostgresAddress& address,
                       double patience_s);
  Result<void> check_writable() const;
  Result<void> check_text(const std::string& what, const std::string& text) const;

  const std::string where_;
  const OpenMode mode_;
  std::shared_ptr<Turn> writer_;  // nullptr if only read
  Turn reader_;
  std::optional<PostgresCommit> commit_;  // of the writer
  GroupCommit group_;
};

}  // namespace pegbox
