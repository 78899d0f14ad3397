// The table of row shapes: which fields tell each, and how it is read.
#include "text/row_shapes.h"

#include <fmt/format.h>

#include <array>

namespace pegbox::text {
namespace {

constexpr std::string_view kFieldsExpected =
    "`messages`, `conversations`, `instruction` and `output`, `prompt` and `completion`, or `text`";
constexpr std::string_view kLabelledExpected = "`text` and `label`";

/// Alpaca's prompt: what stands before the instruction, between it and an input, and behind both.
constexpr std::string_view kAlpacaAlone =
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n";
constexpr std::string_view kAlpacaWithInput =
    "Below is an instruction that describes a task, paired with an input that provides further context. Write a "
    "response that appropriately completes the request.\n\n### Instruction:\n";
constexpr std::string_view kAlpacaInput = "\n\n### Input:\n", kAlpacaEnd = "\n\n### Response:";

std::string field_names(const Json& row) {
  std::string names;
  for (const auto& [name, value] : row.items()) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "no fields" : "fields " + names;
}

tl::unexpected<Error> fail_fields(const std::string& where, std::string what, const Json& row, bool labels = false) {
  return fail(
      ErrorKind::InvalidInput,
      {.where = where,
       .what = std::move(what),
       .got = field_names(row),
       .expected = std::string(fields_expected(labels)),
       .hint = "rename the fields, or say in `columns` which is which: {prompt: question, completion: answer}"});
}

/// What `columns` names is no row. `json`: as it is in the file, so that the fields that were not read are seen.
tl::unexpected<Error> fail_columns(const std::string& where, const Json& json, const DatasetOptions& options) {
  std::string named;
  for (const auto& [name, column] : options.columns)
    named += fmt::format("{}{} from `{}`{}", named.empty() ? "" : ", ", name, column,
                         json.contains(column) ? "" : " (which it lacks)");
  return fail(ErrorKind::InvalidInput,
              {.where = where,
               .what = "only the fields that `columns` names are read, and these make no row",
               .got = fmt::format("{}; the row has {}", named, field_names(json)),
               .expected = std::string(fields_expected(options.labels)),
               .hint = "name all fields that are to be read, also those that are called right: text=text"});
}

/// The string in a field that must not be empty, unless `may_be_empty`.
Result<std::string> string_field(const Json& row, const char* name, const std::string& where, bool may_be_empty) {
  const Json& value = row[name];
  if (!value.is_string())
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = fmt::format("`{}` is not a string", name),
                                          .got = excerpt(value),
                                          .expected = "a string"});
  const auto& text = value.get_ref<const std::string&>();
  if (text.empty() && !may_be_empty)
    return fail(ErrorKind::InvalidInput,
                {.where = where, .what = fmt::format("`{}` is empty", name), .expected = "text to learn from"});
  return text;
}

/// The tools that a row names: a list, or a list as text, as columns of data sets hold it.
Result<Json> tools_field(const Json& row, const std::string& where) {
  const auto found = row.find("tools");
  if (found == row.end() || found->is_null() || (found->is_string() && found->get_ref<const std::string&>().empty()))
    return Json();
  Json tools = *found;
  if (tools.is_string()) {
    PEGBOX_TRY(tools, parse_json(found->get_ref<const std::string&>(), where + " tools"));
  }
  if (tools.is_array()) return tools.empty() ? Json() : tools;
  return fail(ErrorKind::InvalidInput, {.where = where,
                                        .what = "`tools` is no list",
                                        .got = excerpt(*found),
                                        .expected = "a list of functions, or one as JSON text"});
}

Result<Row> read_messages(const Json& json, const std::string& where) {
  PEGBOX_CHECK(check_messages(json["messages"], where));
  PEGBOX_TRY(Json tools, tools_field(json, where));
  return Row{.conversation = Conversation{json["messages"], std::move(tools)}};
}

Result<Row> read_turns(const Json& json, const std::string& where) {
  PEGBOX_TRY(Json messages, messages_of_turns(json["conversations"], where));
  if (json.contains("system") && json["system"].is_string() && !json["system"].get_ref<const std::string&>().empty() &&
      messages[0]["role"] != "system")
    messages.insert(messages.begin(), Json{{"role", "system"}, {"content", json["system"]}});
  PEGBOX_TRY(Json tools, tools_field(json, where));
  return Row{.conversation = Conversation{std::move(messages), std::move(tools)}};
}

Result<Row> read_instruction(const Json& json, const std::string& where) {
  PEGBOX_TRY(const std::string instruction, string_field(json, "instruction", where, false));
  std::string input;
  if (json.contains("input")) {
    PEGBOX_TRY(input, string_field(json, "input", where, true));
  }
  PEGBOX_TRY(std::string output, string_field(json, "output", where, false));
  return Row{.prompt = alpaca_prompt(instruction, input), .text = std::move(output)};
}

Result<Row> read_prompt_messages(const Json& json, const std::string& where) {
  for (const char* name : {"prompt", "completion"}) PEGBOX_CHECK(check_messages(json[name], where + " " + name));
  PEGBOX_TRY(Json tools, tools_field(json, where));
  Conversation conversation{json["prompt"], std::move(tools), static_cast<std::int64_t>(json["prompt"].size())};
  for (const Json& message : json["completion"]) conversation.messages.push_back(message);
  return Row{.conversation = std::move(conversation)};
}

Result<Row> read_prompt(const Json& json, const std::string& where) {
  if (json.contains("text")) return fail_fields(where, "the row is ambiguous", json);
  if (!json.contains("prompt")) return fail_fields(where, "the row has a completion without a prompt", json);
  if (!json.contains("completion")) return fail_fields(where, "the row has a prompt without a completion", json);
  Row row;
  PEGBOX_TRY(row.prompt, string_field(json, "prompt", where, true));
  PEGBOX_TRY(row.text, string_field(json, "completion", where, false));
  return row;
}

Result<Row> read_text(const Json& json, const std::string& where) {
  Row row;
  PEGBOX_TRY(row.text, string_field(json, "text", where, false));
  return row;
}

/// The class in the field `label`: a name or an integer.
Result<std::string> label_field(const Json& row, const std::string& where) {
  const Json& value = row["label"];
  if (value.is_number_integer()) return value.dump();
  if (value.is_string() && !value.get_ref<const std::string&>().empty()) return value.get<std::string>();
  return fail(ErrorKind::InvalidInput, {.where = where,
                                        .what = "`label` names no class",
                                        .got = excerpt(value),
                                        .expected = "a string that is not empty, or an integer"});
}

Result<ShapedRow> read_labelled(const Json& json, const std::string& where) {
  if (!json.contains("text") || !json.contains("label"))
    return fail_fields(where, "the row is no text with its class", json, /*labels=*/true);
  PEGBOX_TRY(Row row, read_text(json, where));
  PEGBOX_TRY(row.label, label_field(json, where));
  return ShapedRow{std::move(row), RowShape::Classified};
}

struct ShapeReader {
  RowShape shape;
  bool (*fits)(const Json& row);
  Result<Row> (*read)(const Json& row, const std::string& where);
};

/// The first that fits reads the row.
constexpr std::array<ShapeReader, 6> kReaders = {{
    {RowShape::Messages, [](const Json& row) { return row.contains("messages"); }, read_messages},
    {RowShape::Turns, [](const Json& row) { return row.contains("conversations"); }, read_turns},
    {RowShape::Instruction, [](const Json& row) { return row.contains("instruction") && row.contains("output"); },
     read_instruction},
    {RowShape::PromptMessages,
     [](const Json& row) {
       return row.contains("prompt") && row.contains("completion") &&
              (row["prompt"].is_array() || row["completion"].is_array());
     },
     read_prompt_messages},
    {RowShape::PromptCompletion, [](const Json& row) { return row.contains("prompt") || row.contains("completion"); },
     read_prompt},
    {RowShape::Text, [](const Json& row) { return row.contains("text"); }, read_text},
}};

/// The row with the fields that `columns` names under our names, and no others.
Json renamed(const Json& json, const std::map<std::string, std::string>& columns) {
  Json row = Json::object();
  for (const auto& [name, column] : columns)
    if (const auto found = json.find(column); found != json.end()) row[name] = *found;
  return row;
}

}  // namespace

std::string content_text(const Json& message) {
  std::string text;
  if (const auto content = message.find("content"); content != message.end()) {
    if (content->is_string()) text = content->get<std::string>();
    if (content->is_array())
      for (const Json& part : *content)
        if (part.is_object() && part.contains("text") && part["text"].is_string())
          text += part["text"].get<std::string>();
  }
  if (const auto calls = message.find("tool_calls"); calls != message.end()) text += to_line(*calls);
  return text;
}

std::string own_text_of(const Json& json, const ShapedRow& row, const DatasetOptions& options) {
  if (row.shape == RowShape::Instruction) {
    const Json named = options.columns.empty() ? json : renamed(json, options.columns);
    std::string text = named["instruction"].get<std::string>();
    if (named.contains("input")) text += "\n" + named["input"].get<std::string>();
    return text + "\n" + named["output"].get<std::string>();
  }
  if (!row.row.conversation) return row.row.prompt.empty() ? row.row.text : row.row.prompt + "\n" + row.row.text;
  std::string text;
  for (const Json& message : row.row.conversation->messages) {
    if (!text.empty()) text += '\n';
    text += content_text(message);
  }
  return text;
}

std::optional<std::string> label_of(const Json& json, const DatasetOptions& options) {
  const auto column = options.columns.find("label");
  if (!options.columns.empty() && column == options.columns.end()) return std::nullopt;
  const auto found = json.find(options.columns.empty() ? "label" : column->second);
  if (found == json.end()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  return found->is_number_integer() ? std::optional(found->dump()) : std::nullopt;
}

std::string_view fields_expected(bool labels) { return labels ? kLabelledExpected : kFieldsExpected; }

std::string alpaca_prompt(const std::string& instruction, const std::string& input) {
  return input.empty() ? fmt::format("{}{}{}", kAlpacaAlone, instruction, kAlpacaEnd)
                       : fmt::format("{}{}{}{}{}", kAlpacaWithInput, instruction, kAlpacaInput, input, kAlpacaEnd);
}

std::vector<Span> own_parts_of_prompt(std::string_view prompt) {
  const bool has_input = prompt.starts_with(kAlpacaWithInput);
  const std::string_view before = has_input ? kAlpacaWithInput : kAlpacaAlone;
  if (!prompt.starts_with(before) || !prompt.ends_with(kAlpacaEnd) || prompt.size() < before.size() + kAlpacaEnd.size())
    return {{0, prompt.size()}};
  const Span own{before.size(), prompt.size() - kAlpacaEnd.size()};
  const std::size_t input = has_input ? prompt.find(kAlpacaInput, own.begin) : std::string_view::npos;
  if (input >= own.end) return {own};
  return {{own.begin, input}, {input + kAlpacaInput.size(), own.end}};
}

Result<ShapedRow> read_row(const Json& json, const std::string& where, const DatasetOptions& options) {
  if (!json.is_object())
    return fail(ErrorKind::InvalidInput,
                {.where = where,
                 .what = "the row is not a JSON object",
                 .got = json.type_name(),
                 .expected = fmt::format("an object with {}", fields_expected(options.labels))});
  const Json row = options.columns.empty() ? json : renamed(json, options.columns);
  if (options.labels && !options.columns.empty() && !(row.contains("text") && row.contains("label")))
    return fail_columns(where, json, options);
  if (options.labels) return read_labelled(row, where);
  for (const ShapeReader& reader : kReaders) {
    if (!reader.fits(row)) continue;
    PEGBOX_TRY(Row read, reader.read(row, where));
    return ShapedRow{std::move(read), reader.shape};
  }
  return options.columns.empty() ? fail_fields(where, "the row has no text", json) : fail_columns(where, json, options);
}

}  // namespace pegbox::text
