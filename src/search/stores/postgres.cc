// PostgresStore: studies in the schema "pegbox" of a PostgreSQL database.
#include "search/stores/postgres.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/clock.h"
#include "search/stores/postgres_schema.h"
#include "search/stores/stored_command.h"
#include "search/stores/stored_event.h"

namespace pegbox {
namespace {

constexpr std::uint64_t kPage_events = 5000;  // read at once: a long log needs no memory for its bytes

constexpr PostgresStatement kListRows{"list_studies",
                                      "SELECT name, id, created_unix_s, event_count FROM pegbox.studies ORDER BY id"};
constexpr PostgresStatement kReadPage{
    "read_events",
    "SELECT index, study_time_s, author, kind, payload, checksum FROM pegbox.events "
    "WHERE study = $1::integer AND index >= $2::bigint ORDER BY index LIMIT $3::bigint"};
constexpr PostgresStatement kNewStudyId{"new_study_id", "SELECT nextval('pegbox.study_ids')"};
constexpr PostgresStatement kInsertStudy{
    "insert_study",
    "INSERT INTO pegbox.studies(id, name, created_unix_s, event_count, checksum) "
    "VALUES($1::integer, $2::text, $3::double precision, 0, $4::bigint) ON CONFLICT (name) DO NOTHING"};
constexpr PostgresStatement kNewCommandId{"new_command_id", "SELECT nextval('pegbox.command_ids')"};
constexpr PostgresStatement kInsertCommand{
    "insert_command",
    "INSERT INTO pegbox.commands(id, study, command, trial) VALUES($1::bigint, $2::integer, $3::text, $4::bigint) "
    "ON CONFLICT (id) DO NOTHING"};
constexpr PostgresStatement kWaitingCommands{
    "waiting_commands",
    "SELECT c.id, c.command, c.trial FROM pegbox.studies s LEFT JOIN pegbox.commands c ON c.study = s.id "
    "WHERE s.name = $1::text ORDER BY c.id"};
constexpr PostgresStatement kDeleteCommands{"delete_commands",
                                            "DELETE FROM pegbox.commands WHERE id = ANY($1::bigint[]) RETURNING id"};
constexpr PostgresStatement kIsLeased{
    "is_leased",
    "SELECT EXISTS(SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 "
    "AND classid = $1::integer::oid AND objid::bigint = (SELECT id FROM pegbox.studies WHERE name = $2::text) "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"};
constexpr PostgresStatement kDeleteStudy{"delete_study", "DELETE FROM pegbox.studies WHERE id = $1::integer"};
constexpr PostgresStatement kDeleteEvents{"delete_events", "DELETE FROM pegbox.events WHERE study = $1::integer"};
constexpr PostgresStatement kDeleteWishes{"delete_wishes", "DELETE FROM pegbox.commands WHERE study = $1::integer"};

PostgresCall page_of(const StudyEntry& entry, std::uint64_t from, std::uint64_t end) {
  PostgresValues values;
  values.add(static_cast<std::int32_t>(entry.id)).add(static_cast<std::int64_t>(from));
  return {kReadPage, std::move(values.add(static_cast<std::int64_t>(std::min(end - from, kPage_events))))};
}

/// Adds the events of a page, the first of which has the index `at`.
Result<void> decode_page(const PostgresRows& rows, const std::string& where, const StudyEntry& entry, std::uint64_t at,
                         std::vector<Event>& events) {
  for (int i = 0; i < rows.count(); ++i, ++at) {
    if (rows.integer(i, 0) != static_cast<std::int64_t>(at))
      return fail_damaged(where, name_of_event(entry.name, at) + " is missing");
    const EventRow row{event_key(entry.id, at), rows.real(i, 1), rows.text(i, 2), rows.text(i, 3), rows.text(i, 4)};
    PEGBOX_TRY(auto event, event_of_row(row, rows.integer(i, 5), where, entry.name, at));
    events.push_back(std::move(event));
  }
  return {};
}

/// The events of `entry` from `from` to before `end`, which it has. The server fetches a page while the one before is
/// decoded. NotFound if the study was removed meanwhile.
Result<std::vector<Event>> read_pages(PostgresConnection& connection, const std::string& where, const StudyEntry& entry,
                                      std::uint64_t from, std::uint64_t end) {
  std::vector<Event> events;
  PEGBOX_CHECK(connection.send(page_of(entry, from, end)));
  for (std::uint64_t at = from; at < end;) {
    PEGBOX_TRY(const auto rows, connection.receive());
    if (rows.count() == 0) {
      PEGBOX_TRY(const StudyEntry now, find_in_postgres(connection, where, entry.name));
      if (now.id == entry.id) return fail_damaged(where, name_of_event(entry.name, at) + " is missing");
      return fail(ErrorKind::NotFound, {.where = where, .what = "the study was removed", .got = entry.name});
    }
    const std::uint64_t next = at + static_cast<std::uint64_t>(rows.count());
    if (next < end) PEGBOX_CHECK(connection.send(page_of(entry, next, end)));
    const auto decoded = decode_page(rows, where, entry, at, events);
    if (!decoded && next < end) (void)connection.receive();
    PEGBOX_CHECK(decoded);
    at = next;
  }
  return events;
}

tl::unexpected<Error> fail_taken(const std::string& where, const std::string& study) {
  return fail(ErrorKind::Conflict, {.where = where, .what = "a study of this name exists", .got = study});
}

}  // namespace

class PostgresStore::Lease final : public StudyLease {
 public:
  Lease(std::shared_ptr<Turn> turn, std::int64_t study) : turn_(std::move(turn)), study_(study) {}
  ~Lease() override {
    const std::lock_guard lock(turn_->mutex);
    turn_->session->unlock(static_cast<std::int32_t>(study_));
  }

 private:
  std::shared_ptr<Turn> turn_;
  std::int64_t study_;
};

PostgresStore::PostgresStore(std::string where, OpenMode mode)
    : where_(std::move(where)),
      mode_(mode),
      group_(
          [this](std::span<const Batch> batches) {
            const std::lock_guard lock(writer_->mutex);
            return commit_->write(batches);
          },
          [this](const std::string& study) {
            return entry(study).map([](const StudyEntry& found) { return found.event_count; });
          }) {}

PostgresStore::~PostgresStore() {
  if (!commit_) return;
  {
    const std::lock_guard lock(writer_->mutex);
    writer_->session->lose_patience();
  }
  (void)group_.wait(~Ticket{0});
}

Result<std::unique_ptr<Store>> PostgresStore::open(const std::string& url, OpenMode mode, double patience_s) {
  PEGBOX_TRY(auto library, PostgresLibrary::load());
  PEGBOX_TRY(const auto address, PostgresAddress::parse(*library, url));
  std::unique_ptr<PostgresStore> store(new PostgresStore(address.shown(), mode));
  PEGBOX_CHECK(store->connect(std::move(library), address, patience_s));
  return store;
}

Result<void> PostgresStore::connect(std::shared_ptr<const PostgresLibrary> library, const PostgresAddress& address,
                                    double patience_s) {
  const auto prepare = [&](PostgresSession& session) {
    return session.run([&](PostgresConnection& connection, bool) {
      return prepare_postgres_schema(connection, where_, mode_, postgres_migrations());
    });
  };
  if (mode_ == OpenMode::ReadWrite) {
    writer_ = std::make_shared<Turn>();
    PEGBOX_TRY(writer_->session, PostgresSession::open(library, address, SessionRight::Write, patience_s));
    PEGBOX_CHECK(prepare(*writer_->session));
    commit_.emplace(*writer_->session);
  }
  PEGBOX_TRY(reader_.session, PostgresSession::open(library, address, SessionRight::Read, patience_s));
  return mode_ == OpenMode::ReadOnly ? prepare(*reader_.session) : Result<void>();
}

Result<void> PostgresStore::check_writable() const {
  if (writer_) return {};
  return fail(ErrorKind::Unsupported, {.where = where_, .what = "the store was opened only for reading"});
}

Result<void> PostgresStore::check_text(const std::string& what, const std::string& text) const {
  if (is_postgres_text(text)) return {};
  return fail(ErrorKind::InvalidInput,
              {.where = where_, .what = what + " is not text", .expected = "UTF-8 without zero bytes"});
}

// If the answer to the insertion was lost, the row has the number that nobody else was given.
Result<void> PostgresStore::create(const std::string& study) {
  PEGBOX_CHECK(check_writable());
  PEGBOX_CHECK(check_text("a study's name", study));
  const std::lock_guard lock(writer_->mutex);
  std::int64_t id = 0;
  return writer_->session->run([&](PostgresConnection& connection, bool) -> Result<void> {
    const auto existing = find_in_postgres(connection, where_, study);
    if (existing && id != 0 && existing->id == id) return {};
    if (existing) return fail_taken(where_, study);
    if (existing.error().kind != ErrorKind::NotFound) return tl::make_unexpected(existing.error());
    PEGBOX_TRY(const auto number, connection.run({kNewStudyId}));
    id = number.integer(0, 0);
    const double now_s = unix_time_s();
    PostgresValues row;
    row.add(static_cast<std::int32_t>(id)).add(study).add(now_s);
    row.add(std::int64_t{checksum_of_study(id, study, now_s)});
    PEGBOX_TRY(const auto inserted, connection.run({kInsertStudy, std::move(row)}));
    if (inserted.changed() == 0) return fail_taken(where_, study);
    return {};
  });
}

Result<std::vector<StudyEntry>> PostgresStore::list() {
  const std::lock_guard lock(reader_.mutex);
  return reader_.session->run([&](PostgresConnection& connection, bool) -> Result<std::vector<StudyEntry>> {
    PEGBOX_TRY(const auto rows, connection.run({kListRows}));
    std::vector<StudyEntry> entries;
    for (int i = 0; i < rows.count(); ++i)
      entries.push_back({std::string(rows.text(i, 0)), rows.real(i, 2), static_cast<std::uint64_t>(rows.integer(i, 3)),
                         rows.integer(i, 1)});
    return entries;
  });
}

Result<StudyEntry> PostgresStore::entry(const std::string& study) {
  const std::lock_guard lock(reader_.mutex);
  return reader_.session->run(
      [&](PostgresConnection& connection, bool) { return find_in_postgres(connection, where_, study); });
}

Result<std::vector<Event>> PostgresStore::read(const std::string& study, std::uint64_t from, std::size_t most) {
  const std::lock_guard lock(reader_.mutex);
  return reader_.session->run([&](PostgresConnection& connection, bool) -> Result<std::vector<Event>> {
    PEGBOX_TRY(const StudyEntry entry, find_in_postgres(connection, where_, study));
    if (from >= entry.event_count || most == 0) return std::vector<Event>{};
    return read_pages(connection, where_, entry, from, from + std::min<std::uint64_t>(most, entry.event_count - from));
  });
}

Result<Ticket> PostgresStore::append(const std::string& study, std::uint64_t expected_length,
                                     std::span<const Event> events) {
  PEGBOX_CHECK(check_writable());
  for (const Event& event : events) PEGBOX_CHECK(check_text("an event's author", event.author));
  return group_.append(study, expected_length, events);
}

Result<void> PostgresStore::wait(Ticket ticket) { return group_.wait(ticket); }

Result<std::unique_ptr<StudyLease>> PostgresStore::lease(const std::string& study) {
  PEGBOX_CHECK(check_writable());
  const std::lock_guard lock(writer_->mutex);
  PEGBOX_TRY(const StudyEntry entry, writer_->session->run([&](PostgresConnection& connection, bool) {
    return find_in_postgres(connection, where_, study);
  }));
  PEGBOX_CHECK(writer_->session->lock(static_cast<std::int32_t>(entry.id), study));
  return std::make_unique<Lease>(writer_, entry.id);
}

Result<bool> PostgresStore::is_leased(const std::string& study) {
  const std::lock_guard lock(reader_.mutex);
  return reader_.session->run([&](PostgresConnection& connection, bool) -> Result<bool> {
    PEGBOX_TRY(const auto rows, connection.run({kIsLeased, PostgresValues().add(kAdvisoryClass).add(study)}));
    return rows.boolean(0, 0);
  });
}

// A number first, then the row: however often the row is written, it is one.
Result<void> PostgresStore::post(const std::string& study, const PostedCommand& command) {
  PEGBOX_CHECK(check_writable());
  const std::lock_guard lock(writer_->mutex);
  std::int64_t id = 0;
  return writer_->session->run([&](PostgresConnection& connection, bool) -> Result<void> {
    PEGBOX_TRY(const StudyEntry entry, find_in_postgres(connection, where_, study));
    if (id == 0) {
      PEGBOX_TRY(const auto number, connection.run({kNewCommandId}));
      id = number.integer(0, 0);
    }
    PostgresValues row;
    row.add(id).add(static_cast<std::int32_t>(entry.id)).add(stored_text(command)).add(command.trial);
    PEGBOX_CHECK(connection.run({kInsertCommand, std::move(row)}));
    return {};
  });
}

// Read, then deleted by number. Who deletes a wish has it; if the answer to that was lost, it counts as ours.
Result<std::vector<PostedCommand>> PostgresStore::take_commands(const std::string& study) {
  PEGBOX_CHECK(check_writable());
  std::vector<std::int64_t> ids;
  std::vector<std::optional<PostedCommand>> found;
  {
    const std::lock_guard lock(reader_.mutex);
    PEGBOX_TRY(const auto rows, reader_.session->run([&](PostgresConnection& connection, bool) {
      return connection.run({kWaitingCommands, PostgresValues().add(study)});
    }));
    if (rows.count() == 0) return fail(ErrorKind::NotFound, {.where = where_, .what = "no such study", .got = study});
    for (int i = 0; i < rows.count() && !rows.is_null(i, 0); ++i) {
      ids.push_back(rows.integer(i, 0));
      found.push_back(command_of(rows.text(i, 1), rows.integer(i, 2)));
    }
  }
  std::vector<PostedCommand> taken;
  if (ids.empty()) return taken;
  std::set<std::int64_t> ours;
  const std::lock_guard lock(writer_->mutex);
  PEGBOX_CHECK(writer_->session->run([&](PostgresConnection& connection, bool again) -> Result<void> {
    const PostgresCall call{kDeleteCommands, PostgresValues().add(std::span<const std::int64_t>(ids))};
    PEGBOX_TRY(const auto deleted, connection.run(call));
    if (again) ours.insert(ids.begin(), ids.end());
    for (int i = 0; i < deleted.count(); ++i) ours.insert(deleted.integer(i, 0));
    return {};
  }));
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (found[i] && ours.contains(ids[i])) taken.push_back(*found[i]);
  return taken;
}

// The study's row first: an append that is under way is waited for, a later one finds no row.
Result<void> PostgresStore::remove(const std::string& study) {
  PEGBOX_CHECK(check_writable());
  PEGBOX_TRY(const auto lease, this->lease(study));
  group_.forget(study);
  const std::lock_guard lock(writer_->mutex);
  return writer_->session->run([&](PostgresConnection& connection, bool again) -> Result<void> {
    const auto entry = find_in_postgres(connection, where_, study);
    if (!entry && entry.error().kind == ErrorKind::NotFound && again) return {};
    if (!entry) return tl::make_unexpected(entry.error());
    PostgresValues id;
    id.add(static_cast<std::int32_t>(entry->id));
    const PostgresCall calls[] = {{kDeleteStudy, id}, {kDeleteEvents, id}, {kDeleteWishes, id}};
    PEGBOX_CHECK(connection.run_together(calls));
    return {};
  });
}

Result<void> PostgresStore::backup(const Path& target) {
  return fail(
      ErrorKind::Unsupported,
      {.where = where_,
       .what = "PostgreSQL makes its own backups",
       .hint = fmt::format("pg_dump --schema=pegbox --format=custom --file={} '{}'; pg_restore brings them back",
                           target.string(), where_)});
}

Result<void> PostgresStore::compact() {
  PEGBOX_CHECK(check_writable());
  const std::lock_guard lock(writer_->mutex);
  return writer_->session->run([](PostgresConnection& connection, bool) {
    return connection.execute("VACUUM pegbox.studies, pegbox.events, pegbox.commands");
  });
}

}  // namespace pegbox
