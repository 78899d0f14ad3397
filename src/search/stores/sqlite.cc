// SqliteStore: one connection that writes and one that reads, each under its own mutex, so that neither waits for the
// other.
#include "search/stores/sqlite.h"

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "search/stores/append_check.h"
#include "search/stores/backup_target.h"
#include "search/stores/sqlite_schema.h"
#include "search/stores/stored_command.h"
#include "search/stores/stored_event.h"
#include "search/stores/study_lock.h"

namespace pegbox {
namespace {

constexpr char kFindStudy[] = "SELECT id, created_unix_s, checksum FROM studies WHERE name = ?";
constexpr char kListStudies[] = "SELECT name, id, created_unix_s FROM studies ORDER BY id";
constexpr char kLastKey[] = "SELECT max(key) FROM events WHERE key >= ? AND key < ?";
constexpr char kReadEvents[] =
    "SELECT key, study_time_s, author, kind, payload, checksum FROM events WHERE key >= ? AND key < ? ORDER BY key";
constexpr char kInsertEvent[] = "INSERT INTO events VALUES(?, ?, ?, ?, ?, ?)";
constexpr char kReadCommands[] = "SELECT command, trial FROM commands WHERE study = ? ORDER BY id";

// WAL: readers never block the writer. A checkpoint every 1000 pages (SQLite's default) is about one in 1000 commits.
// The log file is then written anew from its start, where blocks exist already: cheaper to sync than growing (measured:
// 0.85 of the rate of plain fdatasyncs where it grows, 1.0 where it does not). A process that commits often therefore
// makes it as long as it will be at once.
constexpr int kReserveLogAfter_commits = 8;
constexpr std::int64_t kLogReserve_bytes = 1100 * 4120;
constexpr char kWriterSettings[] =
    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;";
constexpr char kReaderSettings[] = "PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;";

class FileLease final : public StudyLease {
 public:
  explicit FileLease(FileLock lock) : lock_(std::move(lock)) {}

 private:
  FileLock lock_;
};

struct ResetAtEnd {
  explicit ResetAtEnd(SqliteStatement& statement) : statement_(statement) {}
  ~ResetAtEnd() { statement_.reset(); }
  SqliteStatement& statement_;
};

Result<std::uint64_t> event_count(SqliteStatement& last, std::int64_t study_id) {
  PEGBOX_CHECK(last.bind(1, event_key(study_id, 0)).bind(2, event_key(study_id + 1, 0)).step());
  const bool empty = last.is_null(0);
  const auto key = last.integer(0);
  last.reset();
  return empty ? 0 : static_cast<std::uint64_t>(key - event_key(study_id, 0)) + 1;
}

Result<void> insert_event(SqliteStatement& insert, std::int64_t key, const StoredEvent& event) {
  const auto checksum = checksum_of(key, event);
  insert.bind(1, key).bind(2, event.study_time_s).bind(3, event.author).bind(4, event.kind).bind(5, event.payload);
  return insert.bind(6, std::int64_t{checksum}).run();
}

// A store that was closed well has no log beside it; where the folder may not be written either, SQLite can only read
// it as a file that nobody changes.
Result<SqliteConnection> open_for_reading(const Path& file, double busy_timeout_s) {
  PEGBOX_TRY(auto connection, SqliteConnection::open(file, SQLITE_OPEN_READONLY));
  sqlite3_busy_timeout(connection.get(), static_cast<int>(busy_timeout_s * 1000));
  const auto readable = connection.execute("SELECT count(*) FROM sqlite_schema");
  std::error_code code;
  const auto log_bytes = std::filesystem::file_size(file.string() + "-wal", code);
  if (!readable && readable.error().kind == ErrorKind::Io && (code || log_bytes == 0)) {
    std::string uri = "file:";
    for (const char byte : file.string())
      uri += std::isalnum(static_cast<unsigned char>(byte)) || byte == '/'
                 ? std::string(1, byte)
                 : fmt::format("%{:02x}", static_cast<unsigned char>(byte));
    PEGBOX_TRY(connection, SqliteConnection::open(uri + "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI));
  } else if (!readable) {
    return tl::make_unexpected(readable.error());
  }
  PEGBOX_CHECK(prepare_schema(connection, file, OpenMode::ReadOnly, store_migrations()));
  return connection;
}

// While another process does the same, SQLite answers that the store is busy without waiting for it.
Result<void> switch_to_wal(SqliteConnection& connection, const Path& file, double busy_timeout_s) {
  constexpr std::chrono::milliseconds kPause(10);
  PEGBOX_TRY(auto statement, connection.prepare("PRAGMA journal_mode = WAL"));
  for (auto waited = kPause;; waited += kPause) {
    const auto answered = statement.step();
    if (answered) break;
    if (answered.error().kind != ErrorKind::Conflict || waited > std::chrono::duration<double>(busy_timeout_s))
      return tl::make_unexpected(answered.error());
    statement.reset();
    std::this_thread::sleep_for(kPause);
  }
  if (statement.text(0) == "wal") return {};
  return fail(ErrorKind::Unsupported, {.where = file,
                                       .what = "this file system cannot hold a store",
                                       .got = "journal mode " + std::string(statement.text(0)),
                                       .expected = "wal",
                                       .hint = "name a file on a local disk"});
}

}  // namespace

/// Where a study's next event goes.
struct SqliteStore::Tail {
  std::int64_t id = 0;
  std::uint64_t length = 0;
};

struct SqliteStore::Writer {
  SqliteConnection connection;
  SqliteStatement find, last, insert;
  std::int64_t commits = 0;
  std::map<std::string, Tail> tails;  // as of this version of the file
  std::optional<unsigned int> version;
};

struct SqliteStore::Reader {
  SqliteConnection connection;
  SqliteStatement find, list, last, read, commands;
};

SqliteStore::SqliteStore(Path file, OpenMode mode)
    : file_(std::move(file)),
      mode_(mode),
      group_([this](std::span<const Batch> batches) { return commit(batches); },
             [this](const std::string& study) { return length(study); }) {}

SqliteStore::~SqliteStore() {
  if (writer_) (void)group_.wait(~Ticket{0});
}

Result<std::unique_ptr<Store>> SqliteStore::open(const Path& file, OpenMode mode, double busy_timeout_s) {
  std::error_code code;
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::filesystem::absolute(file, code), mode));
  PEGBOX_CHECK(store->connect(busy_timeout_s));
  return store;
}

Result<void> SqliteStore::connect(double busy_timeout_s) {
  const auto set_timeout = [&](SqliteConnection& connection) {
    sqlite3_busy_timeout(connection.get(), static_cast<int>(busy_timeout_s * 1000));
  };
  std::error_code code;
  const bool exists = std::filesystem::exists(file_, code);
  if (mode_ == OpenMode::ReadOnly) {
    if (!exists) return fail(ErrorKind::NotFound, {.where = file_, .what = "there is no store"});
    PEGBOX_TRY(auto connection, open_for_reading(file_, busy_timeout_s));
    return connect_reader(std::move(connection));
  }
  PEGBOX_TRY(auto connection, SqliteConnection::open(file_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  set_timeout(connection);
  if (sqlite3_db_readonly(connection.get(), "main") == 1) return fail_sqlite(nullptr, SQLITE_READONLY, file_);
  PEGBOX_CHECK(prepare_schema(connection, file_, mode_, store_migrations()));
  PEGBOX_CHECK(switch_to_wal(connection, file_, busy_timeout_s));
  PEGBOX_CHECK(connection.execute(kWriterSettings));
  PEGBOX_TRY(auto find, connection.prepare(kFindStudy));
  PEGBOX_TRY(auto last, connection.prepare(kLastKey));
  PEGBOX_TRY(auto insert, connection.prepare(kInsertEvent));
  writer_ =
      std::make_unique<Writer>(Writer{std::move(connection), std::move(find), std::move(last), std::move(insert)});
  PEGBOX_TRY(auto reading, SqliteConnection::open(file_, SQLITE_OPEN_READWRITE));
  set_timeout(reading);
  return connect_reader(std::move(reading));
}

Result<void> SqliteStore::connect_reader(SqliteConnection connection) {
  PEGBOX_CHECK(connection.execute(kReaderSettings));
  PEGBOX_TRY(auto find, connection.prepare(kFindStudy));
  PEGBOX_TRY(auto list, connection.prepare(kListStudies));
  PEGBOX_TRY(auto last, connection.prepare(kLastKey));
  PEGBOX_TRY(auto read, connection.prepare(kReadEvents));
  PEGBOX_TRY(auto commands, connection.prepare(kReadCommands));
  reader_ = std::make_unique<Reader>(Reader{std::move(connection), std::move(find), std::move(list), std::move(last),
                                            std::move(read), std::move(commands)});
  return {};
}

Result<void> SqliteStore::check_writable() const {
  if (writer_) return {};
  return fail(ErrorKind::Unsupported, {.where = file_, .what = "the store was opened only for reading"});
}

/// Its event count is not looked at.
Result<StudyEntry> SqliteStore::find_study(SqliteStatement& find, const std::string& study) const {
  PEGBOX_TRY(const bool found, find.bind(1, study).step());
  if (!found)
    return fail(ErrorKind::NotFound,
                {.where = file_, .what = "no such study", .got = study, .hint = "see `pegbox list`"});
  const StudyEntry entry{.name = study, .created_unix_s = find.real(1), .id = find.integer(0)};
  const bool whole = checksum_of_study(entry.id, study, entry.created_unix_s) == find.integer(2);
  find.reset();
  if (!whole) return fail_damaged(file_.string(), "the entry of study '" + study + "'");
  return entry;
}

Result<std::int64_t> SqliteStore::study_id(SqliteStatement& find, const std::string& study) const {
  PEGBOX_TRY(const StudyEntry entry, find_study(find, study));
  return entry.id;
}

Result<void> SqliteStore::create(const std::string& study) {
  PEGBOX_CHECK(check_writable());
  const std::lock_guard lock(write_mutex_);
  PEGBOX_TRY(auto transaction, SqliteTransaction::begin(writer_->connection));
  const auto existing = study_id(writer_->find, study);
  if (existing) return fail(ErrorKind::Conflict, {.where = file_, .what = "a study of this name exists", .got = study});
  if (existing.error().kind != ErrorKind::NotFound) return tl::make_unexpected(existing.error());
  const double now_s = unix_time_s();
  PEGBOX_TRY(auto insert, writer_->connection.prepare("INSERT INTO studies(name, created_unix_s, checksum) "
                                                      "VALUES(?, ?, 0)"));
  PEGBOX_CHECK(insert.bind(1, study).bind(2, now_s).run());
  const auto id = sqlite3_last_insert_rowid(writer_->connection.get());
  PEGBOX_TRY(auto sign, writer_->connection.prepare("UPDATE studies SET checksum = ? WHERE id = ?"));
  PEGBOX_CHECK(sign.bind(1, std::int64_t{checksum_of_study(id, study, now_s)}).bind(2, std::int64_t{id}).run());
  return transaction.commit();
}

Result<std::vector<StudyEntry>> SqliteStore::list() {
  const std::lock_guard lock(read_mutex_);
  std::vector<StudyEntry> entries;
  SqliteStatement& list = reader_->list;
  const ResetAtEnd reset(list);
  for (;;) {
    PEGBOX_TRY(const bool row, list.step());
    if (!row) return entries;
    PEGBOX_TRY(const auto count, event_count(reader_->last, list.integer(1)));
    entries.push_back({std::string(list.text(0)), list.real(2), count, list.integer(1)});
  }
}

Result<StudyEntry> SqliteStore::entry(const std::string& study) {
  const std::lock_guard lock(read_mutex_);
  PEGBOX_TRY(StudyEntry entry, find_study(reader_->find, study));
  PEGBOX_TRY(entry.event_count, event_count(reader_->last, entry.id));
  return entry;
}

Result<std::vector<Event>> SqliteStore::read(const std::string& study, std::uint64_t from, std::size_t most) {
  const std::lock_guard lock(read_mutex_);
  PEGBOX_TRY(const auto id, study_id(reader_->find, study));
  std::vector<Event> events;
  if (from >> kIndexBits != 0) return events;  // behind it are those of other studies
  SqliteStatement& rows = reader_->read;
  const ResetAtEnd reset(rows);
  rows.bind(1, event_key(id, from)).bind(2, event_key(id + 1, 0));
  while (events.size() < most) {
    PEGBOX_TRY(const bool row, rows.step());
    if (!row) break;
    const auto index = from + events.size();
    if (rows.integer(0) != event_key(id, index))
      return fail_damaged(file_.string(), name_of_event(study, index) + " is missing");
    const EventRow event_row{rows.integer(0), rows.real(1), rows.text(2), rows.text(3), rows.text(4)};
    PEGBOX_TRY(auto event, event_of_row(event_row, rows.integer(5), file_, study, index));
    events.push_back(std::move(event));
  }
  return events;
}

Result<Ticket> SqliteStore::append(const std::string& study, std::uint64_t expected_length,
                                   std::span<const Event> events) {
  PEGBOX_CHECK(check_writable());
  return group_.append(study, expected_length, events);
}

Result<void> SqliteStore::wait(Ticket ticket) { return group_.wait(ticket); }

Result<std::uint64_t> SqliteStore::length(const std::string& study) {
  PEGBOX_TRY(const StudyEntry entry, this->entry(study));
  return entry.event_count;
}

// Within a transaction. What is known of a study is read once, and again after anybody else has written to the file.
Result<SqliteStore::Tail*> SqliteStore::tail(const std::string& study) {
  const auto known = writer_->tails.find(study);
  if (known != writer_->tails.end()) return &known->second;
  PEGBOX_TRY(const auto id, study_id(writer_->find, study));
  PEGBOX_TRY(const auto length, event_count(writer_->last, id));
  return &(writer_->tails[study] = {id, length});
}

Result<GroupCommit::Refusals> SqliteStore::commit(std::span<const Batch> batches) {
  const std::lock_guard lock(write_mutex_);
  PEGBOX_TRY(auto transaction, SqliteTransaction::begin(writer_->connection));
  if (!writer_->version || writer_->version != writer_->connection.version()) writer_->tails.clear();
  writer_->version.reset();  // until this has been committed
  GroupCommit::Refusals refusals;
  for (const Batch& batch : batches) {
    if (refusals.contains(batch.study)) continue;
    const auto tail = this->tail(batch.study);
    if (!tail && tail.error().kind != ErrorKind::NotFound) return tl::make_unexpected(tail.error());
    const auto fits = tail ? check_append(file_, batch.study, (*tail)->length, batch.first, {})
                           : Result<void>(tl::make_unexpected(tail.error()));
    if (!fits) {
      refusals.emplace(batch.study, fits.error());
      continue;
    }
    for (const StoredEvent& event : batch.events)
      PEGBOX_CHECK(insert_event(writer_->insert, event_key((*tail)->id, (*tail)->length++), event));
  }
  if (++writer_->commits == kReserveLogAfter_commits) writer_->connection.reserve_log(kLogReserve_bytes);
  PEGBOX_CHECK(transaction.commit());
  writer_->version = writer_->connection.version();
  return refusals;
}

Result<std::unique_ptr<StudyLease>> SqliteStore::lease(const std::string& study) {
  PEGBOX_CHECK(length(study));
  auto lock = FileLock::acquire(lock_file_of(file_, study));
  if (lock) return std::make_unique<FileLease>(*std::move(lock));
  if (lock.error().kind != ErrorKind::Conflict) return tl::make_unexpected(lock.error());
  return fail(ErrorKind::Conflict, {.where = study,
                                    .what = "another process runs the study",
                                    .got = lock.error().message,
                                    .expected = {},
                                    .hint = "`pegbox pause` or `pegbox stop` end it"});
}

Result<bool> SqliteStore::is_leased(const std::string& study) { return is_locked(lock_file_of(file_, study)); }

Result<void> SqliteStore::post(const std::string& study, const PostedCommand& command) {
  PEGBOX_CHECK(check_writable());
  const std::lock_guard lock(write_mutex_);
  PEGBOX_TRY(auto transaction, SqliteTransaction::begin(writer_->connection));
  PEGBOX_TRY(const auto id, study_id(writer_->find, study));
  PEGBOX_TRY(auto insert, writer_->connection.prepare("INSERT INTO commands(study, command, trial) VALUES(?, ?, ?)"));
  PEGBOX_CHECK(insert.bind(1, id).bind(2, stored_text(command)).bind(3, command.trial).run());
  return transaction.commit();
}

Result<std::vector<PostedCommand>> SqliteStore::take_commands(const std::string& study) {
  PEGBOX_CHECK(check_writable());
  std::int64_t id = 0;
  {
    const std::lock_guard lock(read_mutex_);
    PEGBOX_TRY(id, study_id(reader_->find, study));
    PEGBOX_TRY(const bool any, reader_->commands.bind(1, id).step());
    reader_->commands.reset();
    if (!any) return std::vector<PostedCommand>{};
  }
  const std::lock_guard lock(write_mutex_);
  PEGBOX_TRY(auto transaction, SqliteTransaction::begin(writer_->connection));
  PEGBOX_TRY(auto taken, writer_->connection.prepare(kReadCommands));
  taken.bind(1, id);
  std::vector<PostedCommand> commands;
  for (;;) {
    PEGBOX_TRY(const bool row, taken.step());
    if (!row) break;
    if (auto command = command_of(taken.text(0), taken.integer(1))) commands.push_back(*std::move(command));
  }
  PEGBOX_TRY(auto remove, writer_->connection.prepare("DELETE FROM commands WHERE study = ?"));
  PEGBOX_CHECK(remove.bind(1, id).run());
  PEGBOX_CHECK(transaction.commit());
  return commands;
}

Result<void> SqliteStore::remove(const std::string& study) {
  PEGBOX_CHECK(check_writable());
  PEGBOX_TRY(const auto lease, this->lease(study));
  group_.forget(study);
  const std::lock_guard lock(write_mutex_);
  PEGBOX_TRY(auto transaction, SqliteTransaction::begin(writer_->connection));
  PEGBOX_TRY(const auto id, study_id(writer_->find, study));
  PEGBOX_TRY(auto events, writer_->connection.prepare("DELETE FROM events WHERE key >= ? AND key < ?"));
  PEGBOX_CHECK(events.bind(1, event_key(id, 0)).bind(2, event_key(id + 1, 0)).run());
  PEGBOX_TRY(auto commands, writer_->connection.prepare("DELETE FROM commands WHERE study = ?"));
  PEGBOX_CHECK(commands.bind(1, id).run());
  PEGBOX_TRY(auto entry, writer_->connection.prepare("DELETE FROM studies WHERE id = ?"));
  PEGBOX_CHECK(entry.bind(1, id).run());
  PEGBOX_CHECK(transaction.commit());
  return remove_tree(lock_file_of(file_, study));
}

// VACUUM INTO reads one snapshot, so that others may write meanwhile.
Result<void> SqliteStore::backup(const Path& target) {
  PEGBOX_CHECK(check_backup_target(file_, target));
  const Path partial = target.string() + ".partial";
  std::error_code code;
  std::filesystem::remove(partial, code);
  PEGBOX_TRY(auto connection, open_for_reading(file_, 10));
  PEGBOX_TRY(auto copy, connection.prepare("VACUUM INTO ?"));
  const std::string name = partial.string();
  const auto copied = copy.bind(1, name).run();
  if (!copied) {
    std::filesystem::remove(partial, code);
    return copied;
  }
  PEGBOX_TRY(auto file, AppendFile::open(partial));
  PEGBOX_CHECK(file.sync());
  return move_to_backup_target(partial, target);
}

Result<void> SqliteStore::compact() {
  PEGBOX_CHECK(check_writable());
  const std::lock_guard lock(write_mutex_);
  PEGBOX_CHECK(writer_->connection.execute("VACUUM"));
  return writer_->connection.execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace pegbox
