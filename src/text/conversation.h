// Conversation: messages of several roles, in the form that chat templates read.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace pegbox::text {

struct Conversation {
  Json messages;  ///< [{"role": "user", "content": "..."}, ...]; further members (tool_calls, name) go to the template
  Json tools;     ///< an array of function schemas, or null
  std::int64_t prompt_messages = 0;  ///< the first so many are given, and never learned

  bool operator==(const Conversation&) const = default;
};

/// Nothing if `messages` is a list, not empty, of objects with a `role` and a `content` or `tool_calls`; else
/// InvalidInput with the number of the first that is none.
Result<void> check_messages(const Json& messages, const std::string& where);

/// ShareGPT's turns, [{"from": "human", "value": "..."}, ...], as messages: human, gpt, system and tool become user,
/// assistant, system and tool. InvalidInput for other senders. Turns that are messages already are returned as they
/// are.
Result<Json> messages_of_turns(const Json& turns, const std::string& where);

}  // namespace pegbox::text
