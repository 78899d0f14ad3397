// StudyLock: the file whose lock says that a process runs a study, and a look at it that disturbs nobody.
#pragma once

#include <string>

#include "base/file.h"

namespace pegbox {

/// The lock file of a study: characters that a file name may not have are written as %XX; long names are cut and
/// numbered by their checksum.
Path lock_file_of(const Path& store, const std::string& study);

/// Whether a process holds the lock `file`. It makes no file and shares the lock with others that look; who takes the
/// lock in this very moment may be refused, and tries again. Io if the file may not be read.
Result<bool> is_locked(const Path& file);

}  // namespace pegbox
