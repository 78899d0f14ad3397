// Augmented row: see augmented_row.h.
#include "text/augmented_row.h"

#include <fmt/format.h>

#include <algorithm>

namespace pegbox::text {
namespace {

void change_string(Json& json, const TextChanger& change) {
  if (json.is_string()) json = change(json.get_ref<const std::string&>());
}

/// What the users of a conversation say, in messages or in ShareGPT's turns.
void change_users(Json& messages, const TextChanger& change) {
  for (Json& message : messages) {
    if (message.value("role", Json()) == "user" && message.contains("content")) {
      Json& content = message["content"];
      change_string(content, change);
      if (!content.is_array()) continue;
      for (Json& part : content)
        if (part.is_object() && part.contains("text")) change_string(part["text"], change);
    } else if (message.value("from", Json()) == "human" || message.value("from", Json()) == "user") {
      change_string(message["value"], change);
    }
  }
}

/// What the field of ours is called in the file.
std::string column_of(const std::string& field, const DatasetOptions& options) {
  const auto found = options.columns.find(field);
  return found == options.columns.end() ? field : found->second;
}

Result<bool> change_fields(Json& json, std::span<const std::string> fields, const std::string& where,
                           const TextChanger& change) {
  for (const std::string& field : fields) {
    const auto found = json.find(field);
    if (found == json.end() || !found->is_string())
      return fail(ErrorKind::InvalidInput,
                  {.where = where,
                   .what = fmt::format("`{}` is no text that could be changed", field),
                   .got = found == json.end() ? "a row without it" : excerpt(*found),
                   .expected = "a field with a string",
                   .hint = "of conversations the user's messages are changed, without --fields"});
    change_string(*found, change);
  }
  return true;
}

/// The given fields of a row's shape, in our names; of a conversation none.
std::vector<std::string> given_fields(RowShape shape, bool has_label) {
  switch (shape) {
    case RowShape::Text:
    case RowShape::Classified:
      return has_label ? std::vector<std::string>{"text"} : std::vector<std::string>();
    case RowShape::PromptCompletion:
      return {"prompt"};
    case RowShape::Instruction:
      return {"instruction", "input"};
    default:
      return {};
  }
}

}  // namespace

TextChanger collecting(std::vector<std::string>& texts) {
  return [&texts](std::string_view text) { return texts.emplace_back(text); };
}

std::string changed_prompt(const std::string& prompt, const TextChanger& change) {
  const std::vector<Span> own = own_parts_of_prompt(prompt);
  std::string changed;
  std::size_t from = 0;
  for (const Span& part : own) {
    changed += prompt.substr(from, part.begin - from);
    changed += change(std::string_view(prompt).substr(part.begin, part.end - part.begin));
    from = part.end;
  }
  return changed += prompt.substr(from);
}

Result<bool> change_json(Json& json, const ShapedRow& row, const DatasetOptions& options,
                         std::span<const std::string> fields, const std::string& where, const TextChanger& change) {
  if (!fields.empty()) return change_fields(json, fields, where, change);
  if (row.row.conversation) {
    for (const char* field : {"messages", "conversations", "prompt"})
      if (const auto found = json.find(column_of(field, options)); found != json.end() && found->is_array())
        change_users(*found, change);
    return true;
  }
  const std::vector<std::string> given = given_fields(row.shape, label_of(json, options).has_value());
  for (const std::string& field : given) {
    const auto found = json.find(column_of(field, options));
    if (found == json.end() || !found->is_string()) continue;
    *found = changed_prompt(found->get<std::string>(), change);
  }
  return !given.empty();
}

std::optional<Row> changed_row(const Row& row, const TextChanger& change) {
  if (!row.conversation && row.prompt.empty() && row.label.empty()) return std::nullopt;
  Row changed = row;
  if (row.conversation) {
    change_users(changed.conversation->messages, change);
    changed.text.clear();  // the chat template writes it anew
    changed.learned.clear();
  } else if (!row.prompt.empty()) {
    changed.prompt = changed_prompt(row.prompt, change);
  } else {
    changed.text = change(row.text);
  }
  return changed;
}

}  // namespace pegbox::text
