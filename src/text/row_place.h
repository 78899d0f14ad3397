// The place of a row: where it is from, for messages.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>

#include "text/dataset.h"

namespace pegbox::text {

/// "chats.jsonl:4". `files`: Dataset::files.
inline std::string place_of(const Row& row, std::span<const std::string> files) {
  const auto file = static_cast<std::size_t>(row.file);
  return fmt::format("{}:{}", file < files.size() ? files[file] : "data", row.line);
}

}  // namespace pegbox::text
