// The tables of an SQLite store, their version, and the way from each version to the next. docs/formats.md describes
// them.
#pragma once

#include <cstdint>
#include <span>

#include "search/stores/sqlite_connection.h"
#include "search/stores/table.h"

namespace pegbox {

/// The SQL that leads from version i (its place in the table) to version i + 1.
using Migration = const char*;
std::span<const Migration> store_migrations();

/// Marks the file as a pegbox store (PRAGMA application_id): "pegb".
inline constexpr std::int64_t kStoreApplicationId = 0x70656762;

/// Brings the tables of `connection` to the last version of `migrations`, in one transaction. Unsupported, naming both
/// versions, if they are newer, or older and the store is only read; Corrupt if the file belongs to another program.
Result<void> prepare_schema(SqliteConnection& connection, const std::string& file, OpenMode mode,
                            std::span<const Migration> migrations);

}  // namespace pegbox
