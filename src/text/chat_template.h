// Chat templates: the Jinja template of a model folder applied to a conversation, by minijinja behind the Rust bridge.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"

namespace pegbox::text {

/// What a template may ask for besides the messages.
struct ChatOptions {
  bool add_generation_prompt = false;  ///< end with the opening of the assistant's turn
  std::string begin_token;             ///< `bos_token` in the template
  std::string end_token;               ///< `eos_token`
  Json tools;                          ///< an array, or null for none
  Json extra = Json::object();         ///< further variables, by name
};

/// The text of a conversation. `messages` is an array of objects with at least `role` and `content`.
/// The environment is that of `transformers`: blocks trimmed, `raise_exception`, `tojson` as Python's json.dumps,
/// Python's string and dict methods, loop controls, `generation` blocks; but no `strftime_now`: the same messages give
/// the same text. InvalidInput with the template's line for a syntax error, for what the template itself refuses, and
/// for messages of another shape.
Result<std::string> render_chat(const std::string& chat_template, const Json& messages,
                                const ChatOptions& options = {});

}  // namespace pegbox::text
