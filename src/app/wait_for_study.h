// Waiting for a study that another process runs.
#pragma once

#include <string>

#include "app/exit_code.h"
#include "app/session.h"

namespace pegbox {

/// Returns when no process runs the study any more (Done), or the user has had enough (Interrupted).
Result<ExitCode> wait_until_idle(Session& session, Store& store, const std::string& study);

}  // namespace pegbox
