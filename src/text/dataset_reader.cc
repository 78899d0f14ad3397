// Documents and JSONL lines checked and turned into rows.
#include "text/dataset_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "text/utf8.h"

namespace pegbox::text {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kSpace = " \t\r\n\f\v";
constexpr std::string_view kFieldsExpected = "`text`, or `prompt` and `completion`";
constexpr std::string_view kLabelledExpected = "`text` and `label`";
constexpr std::array<std::string_view, 3> kShapeNames = {"plain text", "prompt and completion", "text and label"};

bool is_blank(std::string_view text) { return text.find_first_not_of(kSpace) == std::string_view::npos; }

std::string_view without_mark(std::string_view bytes) {
  return bytes.starts_with(kByteOrderMark) ? bytes.substr(kByteOrderMark.size()) : bytes;
}

std::string line_place(const std::string& name, std::string_view bytes, std::size_t offset) {
  return fmt::format("{}:{}", name, 1 + std::count(bytes.begin(), bytes.begin() + offset, '\n'));
}

/// The error for bytes that are no text; `bytes` have a fault.
tl::unexpected<Error> fail_content(const std::string& name, std::string_view bytes, const ContentFault& fault) {
  const auto byte = [&] {
    return fmt::format("byte 0x{:02X} at offset {}", static_cast<unsigned char>(bytes[fault.offset]), fault.offset);
  };
  switch (fault.content) {
    case Content::Empty:
      return fail(ErrorKind::InvalidInput, {.where = name,
                                            .what = "the data file is empty",
                                            .got = fmt::format("{} bytes of white space", bytes.size()),
                                            .expected = "text"});
    case Content::Binary:
      return fail(ErrorKind::InvalidInput, {.where = line_place(name, bytes, fault.offset),
                                            .what = "binary data where text should be",
                                            .got = byte(),
                                            .expected = "text in UTF-8",
                                            .hint = "compressed files must be unpacked first"});
    default:
      return fail(ErrorKind::InvalidInput, {.where = line_place(name, bytes, fault.offset),
                                            .what = "the text is not UTF-8",
                                            .got = byte(),
                                            .expected = "text in UTF-8",
                                            .hint = "convert it, for example with iconv -f LATIN1 -t UTF-8"});
  }
}

std::string field_names(const Json& row) {
  std::string names;
  for (const auto& [name, value] : row.items()) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "no fields" : "fields " + names;
}

tl::unexpected<Error> fail_fields(const std::string& where, std::string what, const Json& row) {
  const bool is_chat = row.contains("messages") || row.contains("conversations");
  return fail(ErrorKind::InvalidInput,
              {.where = where,
               .what = std::move(what),
               .got = field_names(row),
               .expected = std::string(kFieldsExpected),
               .hint = is_chat ? "conversations must be written out as prompt and completion" : "rename the fields"});
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

struct ShapedRow {
  Row row;
  RowShape shape = RowShape::Text;
};

Result<ShapedRow> labelled_row_of(const Json& json, const std::string& where) {
  if (!json.contains("text") || !json.contains("label"))
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "the row is no text with its class",
                                          .got = field_names(json),
                                          .expected = std::string(kLabelledExpected),
                                          .hint = "rename the fields"});
  ShapedRow shaped{.shape = RowShape::Classified};
  PEGBOX_TRY(shaped.row.text, string_field(json, "text", where, false));
  PEGBOX_TRY(shaped.row.label, label_field(json, where));
  return shaped;
}

Result<ShapedRow> row_of(const Json& json, const std::string& where, bool labels) {
  if (!json.is_object())
    return fail(ErrorKind::InvalidInput,
                {.where = where,
                 .what = "the line is not a JSON object",
                 .got = json.type_name(),
                 .expected = fmt::format("an object with {}", labels ? kLabelledExpected : kFieldsExpected)});
  if (labels) return labelled_row_of(json, where);
  const bool has_text = json.contains("text");
  const bool has_prompt = json.contains("prompt");
  const bool has_completion = json.contains("completion");
  if (has_text && (has_prompt || has_completion)) return fail_fields(where, "the row is ambiguous", json);
  ShapedRow shaped;
  if (has_text) {
    PEGBOX_TRY(shaped.row.text, string_field(json, "text", where, false));
    return shaped;
  }
  if (!has_prompt && !has_completion) return fail_fields(where, "the row has no text", json);
  if (!has_prompt) return fail_fields(where, "the row has a completion without a prompt", json);
  if (!has_completion) return fail_fields(where, "the row has a prompt without a completion", json);
  shaped.shape = RowShape::PromptCompletion;
  PEGBOX_TRY(shaped.row.prompt, string_field(json, "prompt", where, true));
  PEGBOX_TRY(shaped.row.text, string_field(json, "completion", where, false));
  return shaped;
}

/// One line's JSON; an error names the line in the file.
Result<Json> parse_line(std::string_view line, const std::string& name, std::int32_t line_number) {
  Result<Json> json = parse_json(line, name);
  if (json) return json;
  const std::string lines_before(static_cast<std::size_t>(line_number) - 1, '\n');
  return parse_json(lines_before + std::string(line), name);
}

}  // namespace

ContentFault inspect(std::string_view bytes) {
  if (is_blank(without_mark(bytes))) return {Content::Empty, 0};
  if (const auto zero = bytes.find('\0'); zero != std::string_view::npos) return {Content::Binary, zero};
  if (const auto bad = first_invalid_utf8(bytes)) return {Content::NotUtf8, *bad};
  return {};
}

std::int32_t DatasetReader::add_file(const std::string& name) {
  dataset_.files.push_back(name);
  return static_cast<std::int32_t>(dataset_.files.size()) - 1;
}

Result<void> DatasetReader::add_row(Row row, RowShape shape, const std::string& where) {
  if (empty()) {
    dataset_.shape = shape;
    first_place_ = where;
  } else if (shape != dataset_.shape) {
    const auto name = [](RowShape which) { return kShapeNames[static_cast<std::size_t>(which)]; };
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "rows of two shapes in one data set",
                                          .got = std::string(name(shape)),
                                          .expected = fmt::format("{}, as in {}", name(dataset_.shape), first_place_)});
  }
  dataset_.bytes += static_cast<std::int64_t>(row.prompt.size() + row.text.size());
  dataset_.rows.push_back(std::move(row));
  return {};
}

Result<void> DatasetReader::add_document(const std::string& name, std::string bytes) {
  const ContentFault fault = inspect(bytes);
  if (fault.content != Content::Text) return fail_content(name, bytes, fault);
  if (options_.labels)
    return fail(ErrorKind::InvalidInput, {.where = name,
                                          .what = "a plain text file has no labels",
                                          .expected = "JSON lines with " + std::string(kLabelledExpected)});
  if (without_mark(bytes).size() < bytes.size()) bytes.erase(0, kByteOrderMark.size());
  return add_row({.text = std::move(bytes), .file = add_file(name)}, RowShape::Text, name);
}

Result<void> DatasetReader::add_jsonl(const std::string& name, std::string_view bytes) {
  const ContentFault fault = inspect(bytes);
  if (fault.content != Content::Text) return fail_content(name, bytes, fault);
  bytes = without_mark(bytes);
  if (bytes[bytes.find_first_not_of(kSpace)] == '[')
    return fail(ErrorKind::InvalidInput, {.where = name,
                                          .what = "the file is one JSON list",
                                          .expected = "an object on each line, with " + std::string(kFieldsExpected),
                                          .hint = "jq -c '.[]' writes a list as lines"});
  const std::int32_t file = add_file(name);
  std::int32_t line_number = 0;
  for (std::size_t start = 0; start < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', start), bytes.size());
    const std::string_view line = bytes.substr(start, end - start);
    start = end + 1;
    ++line_number;
    if (is_blank(line)) continue;
    const std::string where = fmt::format("{}:{}", name, line_number);
    PEGBOX_TRY(const Json json, parse_line(line, name, line_number));
    PEGBOX_TRY(ShapedRow shaped, row_of(json, where, options_.labels));
    shaped.row.file = file;
    shaped.row.line = line_number;
    PEGBOX_CHECK(add_row(std::move(shaped.row), shaped.shape, where));
  }
  return {};
}

void DatasetReader::count_skipped(Content content) {
  if (content == Content::Empty) ++dataset_.skipped_empty_files;
  if (content == Content::Binary || content == Content::NotUtf8) ++dataset_.skipped_binary_files;
}

}  // namespace pegbox::text
