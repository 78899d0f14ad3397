// The tables of an SQLite store. Measured against a WITHOUT ROWID table with the key (study, index) on a disk with
// 25,000 fdatasyncs a second: 25,200 commits of three events a second instead of 22,300.
#include "search/stores/sqlite_schema.h"

#include <chrono>
#include <string>
#include <thread>

namespace pegbox {
namespace {

// events.key: the study's id times 2^40, plus the event's index. checksum: crc32c, see sqlite.cc.
constexpr Migration kMigrations[] = {
    R"(CREATE TABLE studies(
         id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
         name TEXT NOT NULL UNIQUE,
         created_unix_s REAL NOT NULL,
         checksum INTEGER NOT NULL) STRICT;
       CREATE TABLE events(
         key INTEGER PRIMARY KEY,
         study_time_s REAL NOT NULL,
         author TEXT NOT NULL,
         kind TEXT NOT NULL,
         payload TEXT NOT NULL,                 -- one line of JSON
         checksum INTEGER NOT NULL) STRICT;
       CREATE TABLE commands(
         id INTEGER PRIMARY KEY AUTOINCREMENT,
         study INTEGER NOT NULL,
         command TEXT NOT NULL,
         trial INTEGER NOT NULL) STRICT;
       CREATE INDEX commands_by_study ON commands(study);)",
};

Result<std::int64_t> version_of(SqliteConnection& connection, const std::string& file) {
  PEGBOX_TRY(const auto version, connection.integer("PRAGMA user_version"));
  PEGBOX_TRY(const auto application, connection.integer("PRAGMA application_id"));
  PEGBOX_TRY(const auto tables, connection.integer("SELECT count(*) FROM sqlite_schema"));
  const bool empty = version == 0 && application == 0 && tables == 0;
  if (!empty && application != kStoreApplicationId)
    return fail(ErrorKind::Corrupt, {.where = file,
                                     .what = "this SQLite file belongs to another program, or its head is damaged",
                                     .got = "application id " + std::to_string(application),
                                     .expected = std::to_string(kStoreApplicationId),
                                     .hint = "name another file"});
  return version;
}

Result<void> refuse(const std::string& file, std::int64_t version, std::int64_t known, const char* hint) {
  return fail(ErrorKind::Unsupported,
              {.where = file,
               .what = version > known ? "the store was written by a newer pegbox" : "the store is of an older version",
               .got = "store version " + std::to_string(version),
               .expected = (version > known ? "at most " : "") + std::to_string(known),
               .hint = hint});
}

/// The same, of one moment: another process may be making the store just now.
Result<std::int64_t> version_at_once(SqliteConnection& connection, const std::string& file) {
  PEGBOX_TRY(auto moment, SqliteTransaction::begin_reading(connection));
  PEGBOX_TRY(const auto version, version_of(connection, file));
  PEGBOX_CHECK(moment.commit());
  return version;
}

/// The version, once the file has one: a reader that comes while the store is being made waits a moment for its maker.
Result<std::int64_t> settled_version(SqliteConnection& connection, const std::string& file) {
  constexpr int kTries = 100;
  constexpr std::chrono::milliseconds kPause(10);
  for (int attempt = 1;; ++attempt) {
    PEGBOX_TRY(const auto version, version_at_once(connection, file));
    if (version > 0 || attempt == kTries) return version;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

std::span<const Migration> store_migrations() { return kMigrations; }

Result<void> prepare_schema(SqliteConnection& connection, const std::string& file, OpenMode mode,
                            std::span<const Migration> migrations) {
  const auto known = std::ssize(migrations);
  PEGBOX_TRY(const auto version,
             mode == OpenMode::ReadOnly ? settled_version(connection, file) : version_at_once(connection, file));
  if (version > known) return refuse(file, version, known, "install the newer pegbox");
  if (version == known) return {};
  if (mode == OpenMode::ReadOnly) return refuse(file, version, known, "any command that writes brings it up to date");
  PEGBOX_TRY(auto transaction, SqliteTransaction::begin(connection));
  PEGBOX_TRY(const auto now, version_of(connection, file));  // another process may have been faster
  for (auto next = now; next < known; ++next)
    PEGBOX_CHECK(connection.execute(migrations[static_cast<std::size_t>(next)]));
  if (now < known) {
    PEGBOX_CHECK(connection.execute("PRAGMA application_id = " + std::to_string(kStoreApplicationId)));
    PEGBOX_CHECK(connection.execute("PRAGMA user_version = " + std::to_string(known)));
  }
  return transaction.commit();
}

}  // namespace pegbox
