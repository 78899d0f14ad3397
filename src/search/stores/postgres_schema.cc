// The tables of a PostgreSQL store. A study's length stands in its row: an append moves it from what the writer
// expected to what it will be, or does nothing, so the row's lock is what keeps writers apart.
#include "search/stores/postgres_schema.h"

#include <fmt/format.h>

namespace pegbox {
namespace {

// checksum: crc32c, see stored_event.h. fillfactor: each append writes its study's row anew, within the same page.
constexpr PostgresMigration kPostgresMigrations[] = {
    R"(CREATE SEQUENCE pegbox.study_ids AS integer MAXVALUE 8388607;  -- never given twice
       CREATE SEQUENCE pegbox.command_ids;
       CREATE TABLE pegbox.studies(
         id integer PRIMARY KEY,
         name text COLLATE "C" NOT NULL UNIQUE,
         created_unix_s double precision NOT NULL,
         event_count bigint NOT NULL,
         checksum bigint NOT NULL) WITH (fillfactor = 50);
       CREATE TABLE pegbox.events(
         study integer NOT NULL,
         index bigint NOT NULL,
         study_time_s double precision NOT NULL,
         author text NOT NULL,
         kind text NOT NULL,
         payload text NOT NULL,                                       -- one line of JSON
         checksum bigint NOT NULL,
         PRIMARY KEY(study, index));
       CREATE TABLE pegbox.commands(
         id bigint PRIMARY KEY,
         study integer NOT NULL,
         command text NOT NULL,
         trial bigint NOT NULL);)",
};

// Not by to_regclass: it looks into the session's cache of names, which may be older than the lock that was waited for.
constexpr PostgresStatement kHasStore{"has_store",
                                      "SELECT EXISTS(SELECT FROM pg_class c JOIN pg_namespace n ON "
                                      "n.oid = c.relnamespace WHERE n.nspname = 'pegbox' AND c.relname = 'store')"};
constexpr PostgresStatement kStoreVersion{"store_version", "SELECT version FROM pegbox.store"};

/// 0: there are no tables.
Result<std::int64_t> store_version(PostgresConnection& connection) {
  PEGBOX_TRY(const auto has, connection.run({kHasStore}));
  if (!has.boolean(0, 0)) return 0;
  PEGBOX_TRY(const auto version, connection.run({kStoreVersion}));
  return version.count() == 1 ? version.integer(0, 0) : 0;
}

Result<void> refuse_version(const std::string& where, std::int64_t version, std::int64_t known) {
  const bool is_newer = version > known;
  return fail(ErrorKind::Unsupported,
              {.where = where,
               .what = is_newer ? "the store was written by a newer pegbox" : "the store is of an older version",
               .got = fmt::format("store version {}", version),
               .expected = fmt::format("{}{}", is_newer ? "at most " : "", known),
               .hint = is_newer ? "install the newer pegbox" : "any command that writes brings it up to date"});
}

/// From version `now` to the last.
Result<void> migrate(PostgresConnection& connection, std::int64_t now, std::span<const PostgresMigration> migrations) {
  if (now == 0) PEGBOX_CHECK(connection.execute("CREATE SCHEMA IF NOT EXISTS pegbox"));
  if (now == 0) PEGBOX_CHECK(connection.execute("CREATE TABLE pegbox.store(version integer NOT NULL)"));
  if (now == 0) PEGBOX_CHECK(connection.execute("INSERT INTO pegbox.store VALUES(0)"));
  for (auto next = now; next < std::ssize(migrations); ++next)
    PEGBOX_CHECK(connection.execute(migrations[static_cast<std::size_t>(next)]));
  return connection.execute(fmt::format("UPDATE pegbox.store SET version = {}", migrations.size()));
}

}  // namespace

std::span<const PostgresMigration> postgres_migrations() { return kPostgresMigrations; }

// Who else makes or mends the tables at this moment is waited for (the lock's numbers are no study's).
Result<void> prepare_postgres_schema(PostgresConnection& connection, const std::string& where, OpenMode mode,
                                     std::span<const PostgresMigration> migrations) {
  constexpr char kBegin[] = "BEGIN; SELECT pg_advisory_xact_lock(1885693794, 0)";
  const auto known = std::ssize(migrations);
  PEGBOX_TRY(const auto version, store_version(connection));
  if (version > known) return refuse_version(where, version, known);
  if (version == known) return {};
  if (mode == OpenMode::ReadOnly && version > 0) return refuse_version(where, version, known);
  if (mode == OpenMode::ReadOnly)
    return fail(ErrorKind::NotFound, {.where = where,
                                      .what = "there are no studies in this database",
                                      .hint = "name another one with --store, or begin with `pegbox init`"});
  PEGBOX_CHECK(connection.execute(kBegin));
  const auto migrated = [&]() -> Result<void> {
    PEGBOX_TRY(const auto now, store_version(connection));  // another process may have been faster
    return now < known ? migrate(connection, now, migrations) : Result<void>();
  }();
  PEGBOX_CHECK(connection.execute(migrated ? "COMMIT" : "ROLLBACK"));
  return migrated;
}

}  // namespace pegbox
