// The tables of a PostgreSQL store, their version, and the way from each version to the next. docs/formats.md
// describes them.
#pragma once

#include <span>
#include <string>

#include "search/stores/postgres_connection.h"
#include "search/stores/table.h"

namespace pegbox {

/// The SQL that leads from version i (its place in the table) to version i + 1.
using PostgresMigration = const char*;
std::span<const PostgresMigration> postgres_migrations();

/// Brings the schema "pegbox" of the database to the last version of `migrations`, in one transaction. NotFound if
/// there is none and the store is only read; Unsupported, naming both versions, if it is newer, or older and only read.
Result<void> prepare_postgres_schema(PostgresConnection& connection, const std::string& where, OpenMode mode,
                                     std::span<const PostgresMigration> migrations);

}  // namespace pegbox
