// PostgresCommit: writes batches of several studies in one transaction, and recognizes what an earlier attempt, whose
// answer was lost, has written already.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "search/stores/group_commit.h"
#include "search/stores/postgres_session.h"

namespace pegbox {

/// The study's row, with its length. NotFound; Corrupt if the row is not as it was written.
Result<StudyEntry> find_in_postgres(PostgresConnection& connection, const std::string& where, const std::string& study);

/// Not to be used by two threads at once.
class PostgresCommit {
 public:
  explicit PostgresCommit(PostgresSession& session) : session_(session) {}

  /// As GroupCommit asks of a Commit.
  Result<GroupCommit::Refusals> write(std::span<const Batch> batches);

 private:
  /// What is still to be written of one study: batches that follow one another.
  struct Rest {
    std::int64_t id = 0;  // 0: not looked up yet
    std::span<const Batch* const> batches() const { return std::span(all).subspan(stored); }
    std::uint64_t first() const { return batches().front()->first; }
    std::int64_t event_count() const;
    std::vector<const Batch*> all;
    std::size_t stored = 0;  // of these, from the first on
  };
  using Rests = std::map<std::string, Rest>;  // by name: so that all processes lock rows in the same order

  Result<void> write_once(PostgresConnection& connection, Rests& rests, GroupCommit::Refusals& refusals);
  Result<void> look_up(PostgresConnection& connection, Rests& rests, GroupCommit::Refusals& refusals);
  Result<void> settle(PostgresConnection& connection, const std::string& study, Rests& rests,
                      GroupCommit::Refusals& refusals);
  Result<void> skip_stored(PostgresConnection& connection, Rest& rest) const;
  Result<void> check_lock(const std::string& study, std::int64_t id) const;

  PostgresSession& session_;
  std::map<std::string, std::int64_t> ids_;  // as last looked up
  bool in_doubt_ = false;                    // the answer to a commit was lost, and nothing has been committed since
};

}  // namespace pegbox
