// LossOn: which tokens of a row are learned.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pegbox::text {

enum class LossOn : std::uint8_t {
  Completions,  ///< completions, and what the assistant says in a conversation
  LastTurn,     ///< the same, but of a conversation only the assistant's last turn
  All,          ///< prompts and all turns too
};
inline constexpr std::array<std::string_view, 3> kLossOnNames = {"completions", "last_turn", "all"};

}  // namespace pegbox::text
