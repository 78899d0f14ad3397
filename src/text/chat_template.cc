// Chat templates over the Rust bridge.
#include "text/chat_template.h"

#include "text/bridge_call.h"
#include "text/conversation.h"

namespace pegbox::text {

struct ChatTemplate::Handle {
  explicit Handle(pegbox_chat_template* bridge_template) : bridge(bridge_template) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { pegbox_chat_free(bridge); }

  pegbox_chat_template* bridge;
};

ChatTemplate::ChatTemplate(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Result<ChatTemplate> ChatTemplate::parse(const std::string& source) {
  BridgeString error;
  pegbox_chat_template* bridge = pegbox_chat_parse(view_of(source), error.out());
  if (bridge == nullptr)
    return fail(ErrorKind::InvalidInput,
                {.where = "chat template", .what = "this is no Jinja template", .got = error.text()});
  return ChatTemplate(std::make_unique<Handle>(bridge));
}

bool ChatTemplate::has_generation_blocks() const { return pegbox_chat_marks(handle_->bridge); }

Result<RenderedChat> ChatTemplate::render(const Json& messages, const ChatOptions& options) const {
  PEGBOX_CHECK(check_messages(messages, "chat template"));
  Json context = options.extra.is_object() ? options.extra : Json::object();
  context["messages"] = messages;
  context["add_generation_prompt"] = options.add_generation_prompt;
  context["bos_token"] = options.begin_token;
  context["eos_token"] = options.end_token;
  context["tools"] = options.tools;
  BridgeString text, error;
  BridgeSpans spans;
  if (!pegbox_chat_render(handle_->bridge, view_of(to_line(context)), text.out(), spans.out(), error.out()))
    return fail(ErrorKind::InvalidInput,
                {.where = "chat template", .what = "the conversation cannot be written", .got = error.text()});
  return RenderedChat{text.text(), spans.spans()};
}

}  // namespace pegbox::text
