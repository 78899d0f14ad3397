// PostgresCommit: writes batches of several studies in one transaction.
#include "search/stores/postgres_commit.h"

#include <utility>

#include "search/stores/append_check.h"
#include "search/stores/stored_event.h"

namespace pegbox {
namespace {

constexpr PostgresStatement kFindRow{
    "find_study", "SELECT id, created_unix_s, event_count, checksum FROM pegbox.studies WHERE name = $1::text"};

// Inserts nothing unless the log is as long as its writer expects. The update waits for another writer's transaction
// and then looks again.
constexpr PostgresStatement kAppend{
    "append",
    "WITH grown AS (UPDATE pegbox.studies SET event_count = event_count + $3::bigint "
    "WHERE id = $1::integer AND event_count = $2::bigint RETURNING id) "
    "INSERT INTO pegbox.events(study, index, study_time_s, author, kind, payload, checksum) "
    "SELECT grown.id, $2::bigint + e.place - 1, e.study_time_s, e.author, e.kind, e.payload, e.checksum FROM grown, "
    "unnest($4::double precision[], $5::text[], $6::text[], $7::text[], $8::bigint[]) "
    "WITH ORDINALITY AS e(study_time_s, author, kind, payload, checksum, place)"};

constexpr PostgresStatement kStoredChecksums{
    "stored_checksums",
    "SELECT checksum FROM pegbox.events WHERE study = $1::integer AND index >= $2::bigint AND index < $3::bigint "
    "ORDER BY index"};

PostgresValues append_values(std::int64_t id, std::uint64_t first, std::int64_t count,
                             std::span<const Batch* const> batches) {
  std::vector<double> times;
  std::vector<std::string_view> authors, kinds, payloads;
  std::vector<std::int64_t> checksums;
  for (const Batch* batch : batches)
    for (const StoredEvent& event : batch->events) {
      checksums.push_back(checksum_of(event_key(id, first + checksums.size()), event));
      times.push_back(event.study_time_s);
      authors.push_back(event.author);
      kinds.push_back(event.kind);
      payloads.push_back(event.payload);
    }
  PostgresValues values;
  values.add(static_cast<std::int32_t>(id)).add(static_cast<std::int64_t>(first)).add(count);
  values.add(std::span<const double>(times)).add(std::span<const std::string_view>(authors));
  values.add(std::span<const std::string_view>(kinds)).add(std::span<const std::string_view>(payloads));
  return values.add(std::span<const std::int64_t>(checksums));
}

}  // namespace

Result<StudyEntry> find_in_postgres(PostgresConnection& connection, const std::string& where,
                                    const std::string& study) {
  PEGBOX_TRY(const auto rows, connection.run({kFindRow, PostgresValues().add(study)}));
  if (rows.count() == 0)
    return fail(ErrorKind::NotFound,
                {.where = where, .what = "no such study", .got = study, .hint = "see `pegbox list`"});
  const StudyEntry entry{.name = study,
                         .created_unix_s = rows.real(0, 1),
                         .event_count = static_cast<std::uint64_t>(rows.integer(0, 2)),
                         .id = rows.integer(0, 0)};
  if (checksum_of_study(entry.id, study, entry.created_unix_s) != rows.integer(0, 3))
    return fail_damaged(where, "the entry of study '" + study + "'");
  return entry;
}

std::int64_t PostgresCommit::Rest::event_count() const {
  std::int64_t count = 0;
  for (const Batch* batch : batches()) count += std::ssize(batch->events);
  return count;
}

Result<GroupCommit::Refusals> PostgresCommit::write(std::span<const Batch> batches) {
  Rests rests;
  for (const Batch& batch : batches) rests[batch.study].all.push_back(&batch);
  GroupCommit::Refusals refusals;
  const auto written = session_.run([&](PostgresConnection& connection, bool again) -> Result<void> {
    in_doubt_ = in_doubt_ || again;
    while (!rests.empty()) PEGBOX_CHECK(write_once(connection, rests, refusals));
    return {};
  });
  in_doubt_ = !written && (in_doubt_ || session_.is_lost());
  if (!written) return tl::make_unexpected(written.error());
  return refusals;
}

Result<void> PostgresCommit::write_once(PostgresConnection& connection, Rests& rests, GroupCommit::Refusals& refusals) {
  PEGBOX_CHECK(look_up(connection, rests, refusals));
  std::vector<PostgresCall> calls;
  for (const auto& [study, rest] : rests)
    calls.push_back({kAppend, append_values(rest.id, rest.first(), rest.event_count(), rest.batches())});
  PEGBOX_TRY(const auto answers, connection.run_together(calls));
  std::vector<std::string> unwritten;
  auto rest = rests.begin();
  for (const PostgresRows& answer : answers) {
    if (answer.changed() == 0) unwritten.push_back(rest->first);
    rest = answer.changed() == 0 ? std::next(rest) : rests.erase(rest);
  }
  for (const std::string& study : unwritten) PEGBOX_CHECK(settle(connection, study, rests, refusals));
  return {};
}

Result<void> PostgresCommit::look_up(PostgresConnection& connection, Rests& rests, GroupCommit::Refusals& refusals) {
  for (auto rest = rests.begin(); rest != rests.end();) {
    const std::string& study = rest->first;
    if (rest->second.id == 0) rest->second.id = ids_[study];
    Result<void> found;
    if (rest->second.id == 0) {
      const auto entry = find_in_postgres(connection, session_.where(), study);
      if (!entry && entry.error().kind != ErrorKind::NotFound) return tl::make_unexpected(entry.error());
      if (!entry) found = tl::make_unexpected(entry.error());
      if (entry) rest->second.id = ids_[study] = entry->id;
    }
    if (found) found = check_lock(study, rest->second.id);
    if (!found) refusals.emplace(study, found.error());
    rest = found ? std::next(rest) : rests.erase(rest);
  }
  return {};
}

Result<void> PostgresCommit::check_lock(const std::string& study, std::int64_t id) const {
  if (!session_.has_lost(static_cast<std::int32_t>(id))) return {};
  return fail(ErrorKind::Conflict, {.where = session_.where() + " " + study,
                                    .what = "the connection to the PostgreSQL server was lost, and another process "
                                            "runs the study now",
                                    .hint = "`pegbox show` says how it stands"});
}

/// Why the study's row did not fit: written by an earlier attempt, made anew, gone, or written by somebody else.
Result<void> PostgresCommit::settle(PostgresConnection& connection, const std::string& study, Rests& rests,
                                    GroupCommit::Refusals& refusals) {
  Rest& rest = rests.at(study);
  const auto entry = find_in_postgres(connection, session_.where(), study);
  if (!entry && entry.error().kind != ErrorKind::NotFound) return tl::make_unexpected(entry.error());
  auto fits = entry ? Result<void>() : Result<void>(tl::make_unexpected(entry.error()));
  if (entry) {
    if (entry->id == rest.id && in_doubt_) PEGBOX_CHECK(skip_stored(connection, rest));
    rest.id = ids_[study] = entry->id;
    if (!rest.batches().empty()) fits = check_append(session_.where(), study, entry->event_count, rest.first(), {});
  }
  if (!fits) refusals.emplace(study, fits.error());
  if (!fits || rest.batches().empty()) rests.erase(study);
  return {};
}

Result<void> PostgresCommit::skip_stored(PostgresConnection& connection, Rest& rest) const {
  const std::uint64_t first = rest.first();
  const std::int64_t count = rest.event_count();
  PostgresValues values;
  values.add(static_cast<std::int32_t>(rest.id)).add(static_cast<std::int64_t>(first));
  values.add(static_cast<std::int64_t>(first) + count);
  PEGBOX_TRY(const auto rows, connection.run({kStoredChecksums, std::move(values)}));
  int row = 0;
  for (const Batch* batch : rest.batches()) {
    for (const StoredEvent& event : batch->events) {
      const auto key = event_key(rest.id, first + static_cast<std::uint64_t>(row));
      if (row >= rows.count() || rows.integer(row, 0) != checksum_of(key, event)) return {};
      ++row;
    }
    ++rest.stored;
  }
  return {};
}

}  // namespace pegbox
