// SqliteConnection: SQLite's C interface with owners, Results and messages that say what to do.
#include "search/stores/sqlite_connection.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pegbox {
namespace {

struct Explanation {
  int code;
  ErrorKind kind;
  const char* what;
  const char* hint;
};

// By SQLite's primary result code (https://www.sqlite.org/rescode.html).
constexpr Explanation kExplanations[] = {
    {SQLITE_FULL, ErrorKind::Io, "the disk is full", "make room; what was acknowledged is safe"},
    {SQLITE_BUSY, ErrorKind::Conflict, "another process keeps the store busy", "wait for it, or end it"},
    {SQLITE_LOCKED, ErrorKind::Conflict, "another connection keeps the store busy", ""},
    {SQLITE_CORRUPT, ErrorKind::Corrupt, "the store is damaged",
     "restore a backup, or save what can be read: sqlite3 FILE .recover"},
    {SQLITE_NOTADB, ErrorKind::Corrupt, "the file is not an SQLite database, or its beginning is damaged",
     "name another file, or restore a backup"},
    {SQLITE_READONLY, ErrorKind::Io, "the store may not be written",
     "check the permissions of the file and its folder"},
    {SQLITE_CANTOPEN, ErrorKind::Io, "cannot open the store", "check that the folder exists and may be written"},
    {SQLITE_PERM, ErrorKind::Io, "no permission for the store", ""},
    {SQLITE_IOERR, ErrorKind::Io, "the disk refused", ""},
    {SQLITE_NOMEM, ErrorKind::OutOfMemory, "no memory left", ""},
    {SQLITE_CONSTRAINT, ErrorKind::Conflict, "somebody else has written the same", ""},
};

}  // namespace

tl::unexpected<Error> fail_sqlite(sqlite3* database, int code, const std::string& file) {
  std::string detail = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  const int system_error = database != nullptr ? sqlite3_system_errno(database) : 0;
  if (system_error != 0 && ((code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN))
    detail += std::string(": ") + std::strerror(system_error);
  for (const Explanation& row : kExplanations)
    if (row.code == (code & 0xFF))
      return fail(row.kind, {.where = file, .what = row.what, .got = detail, .expected = {}, .hint = row.hint});
  return fail(ErrorKind::Internal, {.where = file, .what = "SQLite failed", .got = detail});
}

SqliteStatement& SqliteStatement::bind(int position, std::string_view text) {
  const int code = sqlite3_bind_text64(statement_.get(), position, text.data() ? text.data() : "", text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

SqliteStatement& SqliteStatement::bind(int position, std::int64_t integer) {
  const int code = sqlite3_bind_int64(statement_.get(), position, integer);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

SqliteStatement& SqliteStatement::bind(int position, double real) {
  const int code = sqlite3_bind_double(statement_.get(), position, real);
  if (code != SQLITE_OK) bind_error_ = code;
  return *this;
}

Result<bool> SqliteStatement::step() {
  if (const int code = std::exchange(bind_error_, SQLITE_OK); code != SQLITE_OK)
    return fail_sqlite(nullptr, code, file_);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  const auto failure = fail_sqlite(sqlite3_db_handle(statement_.get()), code, file_);
  reset();
  return failure;
}

Result<void> SqliteStatement::run() {
  for (;;) {
    PEGBOX_TRY(const bool row, step());
    if (!row) return {};
  }
}

std::string_view SqliteStatement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<SqliteConnection> SqliteConnection::open(const std::string& file, int flags) {
  SqliteConnection connection;
  connection.file_ = file;
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(file.c_str(), &database, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  connection.database_.reset(database);
  if (code != SQLITE_OK) return fail_sqlite(database, code, file);
  return connection;
}

Result<void> SqliteConnection::execute(const std::string& sql) {
  const int code = sqlite3_exec(get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail_sqlite(get(), code, file_);
  return {};
}

Result<SqliteStatement> SqliteConnection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &statement, nullptr);
  if (code != SQLITE_OK) return fail_sqlite(get(), code, file_);
  return SqliteStatement(statement, file_);
}

Result<void> SqliteConnection::run(std::optional<SqliteStatement>& parsed_once, std::string_view sql) {
  if (!parsed_once) {
    PEGBOX_TRY(parsed_once, prepare(sql));
  }
  return parsed_once->run();
}

Result<std::int64_t> SqliteConnection::integer(std::string_view sql) {
  PEGBOX_TRY(SqliteStatement statement, prepare(sql));
  PEGBOX_TRY(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

// Whoever holds the write lock may write behind the log's last frame; zeros are no frame to any reader, because a frame
// carries checksums over a salt (https://www.sqlite.org/fileformat2.html#walformat).
void SqliteConnection::reserve_log(std::int64_t bytes) {
  static constexpr char kZeros[65536] = {};
  sqlite3_file* log = nullptr;
  const bool found = sqlite3_file_control(get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK;
  sqlite3_int64 size = 0;
  if (!found || log == nullptr || log->pMethods == nullptr || log->pMethods->xFileSize(log, &size) != SQLITE_OK) return;
  for (sqlite3_int64 at = size; at < bytes;) {
    const auto count = static_cast<int>(std::min<sqlite3_int64>(sizeof kZeros, bytes - at));
    if (log->pMethods->xWrite(log, kZeros, count, at) != SQLITE_OK) {
      log->pMethods->xTruncate(log, size);
      return;
    }
    at += count;
  }
}

std::optional<unsigned int> SqliteConnection::version() const {
  unsigned int version = 0;
  if (sqlite3_file_control(get(), "main", SQLITE_FCNTL_DATA_VERSION, &version) != SQLITE_OK) return std::nullopt;
  return version;
}

Result<SqliteTransaction> SqliteTransaction::begin(SqliteConnection& connection) {
  PEGBOX_CHECK(connection.run(connection.begin_, "BEGIN IMMEDIATE"));
  return SqliteTransaction(connection);
}

Result<SqliteTransaction> SqliteTransaction::begin_reading(SqliteConnection& connection) {
  PEGBOX_CHECK(connection.execute("BEGIN"));
  return SqliteTransaction(connection);
}

SqliteTransaction::~SqliteTransaction() {
  if (connection_ != nullptr && connection_->in_transaction()) (void)connection_->execute("ROLLBACK");
}

Result<void> SqliteTransaction::commit() {
  PEGBOX_CHECK(connection_->run(connection_->commit_, "COMMIT"));
  connection_ = nullptr;
  return {};
}

}  // namespace pegbox
