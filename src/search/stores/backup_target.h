// BackupTarget: what a backup may replace.
#pragma once

#include "base/file.h"

namespace pegbox {

/// InvalidInput unless `target` does not exist, is empty, or is another store than `store`: no link, no folder, no
/// other program's file, none of the store's own files. Conflict while a process runs a study in it.
Result<void> check_backup_target(const Path& store, const Path& target);

/// Moves the finished `copy` to `target`. What SQLite left beside an old store there goes: it would be replayed over
/// the new one.
Result<void> move_to_backup_target(const Path& copy, const Path& target);

}  // namespace pegbox
