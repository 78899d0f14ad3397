// ChatTemplate: the Jinja template of a model folder applied to conversations, by minijinja behind the Rust bridge.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/span.h"

namespace pegbox::text {

/// What a template may ask for besides the messages.
struct ChatOptions {
  bool add_generation_prompt = false;  ///< end with the opening of the assistant's turn
  std::string begin_token;             ///< `bos_token` in the template
  std::string end_token;               ///< `eos_token`
  Json tools;                          ///< an array, or null for none
  Json extra = Json::object();         ///< further variables, by name
};

/// A conversation as text.
struct RenderedChat {
  std::string text;
  std::vector<Span> generated;  ///< what the template's `generation` blocks wrote, in order
};

/// A compiled template; `render` may be called from several threads at once. The environment is that of
/// `transformers`: blocks trimmed, `raise_exception`, `tojson` as Python's json.dumps, Python's string and dict
/// methods, loop controls, `generation` blocks; but no `strftime_now`: the same messages give the same text.
class ChatTemplate {
 public:
  /// InvalidInput, with the template's line, for a syntax error.
  static Result<ChatTemplate> parse(const std::string& source);

  /// Whether it says by `{% generation %}` blocks what the assistant wrote.
  bool has_generation_blocks() const;

  /// InvalidInput for what the template itself refuses, with its line, and for `messages` that are none
  /// (check_messages).
  Result<RenderedChat> render(const Json& messages, const ChatOptions& options = {}) const;

  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

 private:
  struct Handle;
  explicit ChatTemplate(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace pegbox::text
