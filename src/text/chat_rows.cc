// Conversations to text.
#include "text/chat_rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/builtin_templates.h"
#include "text/chat_template.h"
#include "text/row_place.h"

namespace pegbox::text {
namespace {

Json first_messages(const Json& messages, std::size_t count) {
  return Json(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(count));
}

bool is_assistants(const Json& message) { return message["role"] == "assistant"; }

class ConversationWriter {
 public:
  ConversationWriter(const ChatTemplate& chat_template, const ModelText& model, LossOn loss_on)
      : template_(chat_template), loss_on_(loss_on) {
    options_.end_token = model.end.text;
    if (model.begin) options_.begin_token = model.begin->text;
    if (model.pad) options_.extra["pad_token"] = model.pad->text;
  }

  Result<void> write(Row& row) {
    options_.tools = row.conversation->tools;
    PEGBOX_TRY(RenderedChat chat, template_.render(row.conversation->messages, options_));
    PEGBOX_TRY(row.learned, learned(*row.conversation, chat));
    row.text = std::move(chat.text);
    return {};
  }

 private:
  Result<std::vector<Span>> learned(const Conversation& conversation, const RenderedChat& chat) {
    if (loss_on_ == LossOn::All) return std::vector<Span>{{0, chat.text.size()}};
    const std::size_t first = first_learned(conversation);
    return template_.has_generation_blocks() ? from_blocks(conversation.messages, first, chat)
                                             : from_beginnings(conversation.messages, first, chat.text);
  }

  /// The first message that may be learned.
  std::size_t first_learned(const Conversation& conversation) const {
    const auto prompt = static_cast<std::size_t>(conversation.prompt_messages);
    if (loss_on_ != LossOn::LastTurn) return prompt;
    std::size_t last = conversation.messages.size();
    while (last > prompt && !is_assistants(conversation.messages[last - 1])) --last;
    return last > prompt ? last - 1 : prompt;
  }

  /// The blocks after as many as the messages before `first` have.
  Result<std::vector<Span>> from_blocks(const Json& messages, std::size_t first, const RenderedChat& chat) {
    if (std::none_of(messages.begin(), messages.begin() + static_cast<std::ptrdiff_t>(first), is_assistants))
      return chat.generated;
    PEGBOX_TRY(const RenderedChat before, template_.render(first_messages(messages, first), options_));
    const std::size_t skipped = std::min(before.generated.size(), chat.generated.size());
    return std::vector<Span>(chat.generated.begin() + static_cast<std::ptrdiff_t>(skipped), chat.generated.end());
  }

  Result<std::vector<Span>> from_beginnings(const Json& messages, std::size_t first, const std::string& whole) {
    std::vector<Span> spans;
    for (std::size_t i = std::max<std::size_t>(first, 1); i < messages.size(); ++i) {
      if (!is_assistants(messages[i])) continue;
      PEGBOX_TRY(const std::size_t begin, beginning(messages, i, /*opened=*/true, whole));
      PEGBOX_TRY(const std::size_t end, i + 1 == messages.size() ? Result<std::size_t>(whole.size())
                                                                 : beginning(messages, i + 1, /*opened=*/false, whole));
      if (begin < end) spans.push_back({begin, end});
    }
    return spans;
  }

  /// The size of the text of the first `count` messages, which `whole` begins with.
  Result<std::size_t> beginning(const Json& messages, std::size_t count, bool opened, const std::string& whole) {
    ChatOptions options = options_;
    options.add_generation_prompt = opened;
    PEGBOX_TRY(const RenderedChat part, template_.render(first_messages(messages, count), options));
    if (whole.starts_with(part.text)) return part.text.size();
    return fail(ErrorKind::InvalidInput,
                {.where = "chat template",
                 .what = fmt::format("what the assistant wrote cannot be found: the first {} messages{} are written in "
                                     "another way alone than in the whole conversation",
                                     count, opened ? ", with the assistant's turn opened," : ""),
                 .hint = "give a chat_template with {% generation %} blocks, or loss_on: last_turn or all"});
  }

  const ChatTemplate& template_;
  LossOn loss_on_;
  ChatOptions options_;
};

tl::unexpected<Error> fail_without_template(const std::string& place) {
  std::string names;
  for (const BuiltinTemplate& each : builtin_templates()) names += fmt::format(" or {}", each.name);
  return fail(ErrorKind::InvalidInput,
              {.where = place,
               .what = "the rows are conversations, and the model has no chat template to write them with",
               .expected = "chat_template in the model's tokenizer_config.json, or chat_template.jinja beside it",
               .hint = "name one: chat_template: FILE.jinja" + names});
}

}  // namespace

Result<void> write_conversations(std::span<Row> rows, const ModelText& model, LossOn loss_on,
                                 std::span<const std::string> files) {
  const auto first =
      std::find_if(rows.begin(), rows.end(), [](const Row& row) { return row.conversation.has_value(); });
  if (first == rows.end()) return {};
  if (model.chat_template.empty()) return fail_without_template(place_of(*first, files));
  PEGBOX_TRY(const ChatTemplate chat_template, ChatTemplate::parse(model.chat_template));
  ConversationWriter writer(chat_template, model, loss_on);
  for (auto row = first; row != rows.end(); ++row) {
    if (!row->conversation || !row->text.empty()) continue;
    const auto written = writer.write(*row);
    if (!written) return fail(written.error().kind, {.where = place_of(*row, files), .what = written.error().message});
  }
  return {};
}

}  // namespace pegbox::text
