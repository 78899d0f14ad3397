// StoredCommand: what a posted wish is as a store's row: a text, and the number of a trial beside it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "search/store.h"

namespace pegbox {

/// The name; of Enqueue the configuration follows: `enqueue {"x":2}`.
std::string stored_text(const PostedCommand& posted);

/// Nothing for a text that a later version wrote.
std::optional<PostedCommand> command_of(std::string_view text, std::int64_t trial);

}  // namespace pegbox
