// Confirmation: asks before something is lost.
#pragma once

#include <string>

#include "app/session.h"

namespace pegbox {

/// True if the user types y. Without a terminal nobody can be asked: InvalidInput, saying that `flag` is needed.
Result<bool> confirm(Session& session, const std::string& question, const std::string& flag);

}  // namespace pegbox
