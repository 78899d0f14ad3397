// Chat templates over the Rust bridge.
#include "text/chat_template.h"

#include "text/bridge_call.h"

namespace pegbox::text {
namespace {

Result<void> check_messages(const Json& messages) {
  const auto refuse = [](std::string where, std::string got) {
    return fail(ErrorKind::InvalidInput, {.where = std::move(where),
                                          .what = "these are not the messages of a conversation",
                                          .got = std::move(got),
                                          .expected = R"(a list of {"role": ..., "content": ...})"});
  };
  if (!messages.is_array()) return refuse("messages", messages.type_name());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Json& message = messages[i];
    if (!message.is_object() || !message.contains("role") || !message["role"].is_string() ||
        !(message.contains("content") || message.contains("tool_calls")))
      return refuse("message " + std::to_string(i), excerpt(message));
  }
  return {};
}

}  // namespace

Result<std::string> render_chat(const std::string& chat_template, const Json& messages, const ChatOptions& options) {
  PEGBOX_CHECK(check_messages(messages));
  Json context = options.extra.is_object() ? options.extra : Json::object();
  context["messages"] = messages;
  context["add_generation_prompt"] = options.add_generation_prompt;
  context["bos_token"] = options.begin_token;
  context["eos_token"] = options.end_token;
  context["tools"] = options.tools;
  BridgeString text, error;
  if (!pegbox_chat_render(view_of(chat_template), view_of(to_line(context)), text.out(), error.out()))
    return fail(ErrorKind::InvalidInput,
                {.where = "chat template", .what = "the conversation cannot be written", .got = error.text()});
  return text.text();
}

}  // namespace pegbox::text
