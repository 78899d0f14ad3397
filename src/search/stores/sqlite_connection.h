// SqliteConnection: SQLite's C interface with owners, Results and messages that say what to do. Knows no tables.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

/// A prepared statement. Bind, step until false, then it is ready to be bound again.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3_stmt* statement, std::string file) : statement_(statement), file_(std::move(file)) {}
  SqliteStatement(SqliteStatement&&) noexcept = default;
  SqliteStatement& operator=(SqliteStatement&&) noexcept = default;

  /// The text must stay as it is until the statement is reset.
  SqliteStatement& bind(int position, std::string_view text);
  SqliteStatement& bind(int position, std::int64_t integer);
  SqliteStatement& bind(int position, double real);

  Result<bool> step();  ///< whether there is a row; resets itself after the last one and after an error
  Result<void> run();   ///< steps to the end
  void reset() { sqlite3_reset(statement_.get()); }

  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  std::string_view text(int column) const;  ///< valid until the next step

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::string file_;
  int bind_error_ = SQLITE_OK;
};

/// One connection to a database file; not to be used by two threads at once. Statements must go before it.
class SqliteConnection {
 public:
  /// `flags` are SQLITE_OPEN_...; `file` may be a URI if they say so.
  static Result<SqliteConnection> open(const std::string& file, int flags);

  Result<void> execute(const std::string& sql);
  Result<SqliteStatement> prepare(std::string_view sql);
  Result<std::int64_t> integer(std::string_view sql);  ///< the first column of the first row; 0 if there is none

  /// Lengthens the write-ahead log to `bytes` with zeros, which the commits to come overwrite: syncing a file that does
  /// not grow is cheaper. To be called within a writing transaction. Where there is no room it does nothing.
  void reserve_log(std::int64_t bytes);
  /// Another number after anybody, this connection too, has changed the file. To be called within a transaction or
  /// right after its commit.
  std::optional<unsigned int> version() const;
  bool in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }
  sqlite3* get() const { return database_.get(); }

 private:
  friend class SqliteTransaction;
  Result<void> run(std::optional<SqliteStatement>& parsed_once, std::string_view sql);

  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
  std::string file_;
  std::optional<SqliteStatement> begin_, commit_;  // of writing transactions, parsed once
};

/// A writing transaction that rolls back unless it was committed.
class SqliteTransaction {
 public:
  static Result<SqliteTransaction> begin(SqliteConnection& connection);          ///< to write
  static Result<SqliteTransaction> begin_reading(SqliteConnection& connection);  ///< all reads see one moment
  SqliteTransaction(SqliteTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();
  Result<void> commit();

 private:
  explicit SqliteTransaction(SqliteConnection& connection) : connection_(&connection) {}
  SqliteConnection* connection_;
};

/// The error that SQLite reports on `database`, in words: full, busy, damaged, not a database, read-only.
tl::unexpected<Error> fail_sqlite(sqlite3* database, int code, const std::string& file);

}  // namespace pegbox
