// Record: see record.h.
#include "watch/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/utf8.h"
#include "text/words.h"

namespace pegbox::watch {

namespace {

/// The member `name` of an object; "a.b" is the member b of the member a where there is no "a.b" itself. Null if none.
const Json& member_of(const Json& json, const std::string& name) {
  static const Json kNone;
  if (!json.is_object()) return kNone;
  if (const auto found = json.find(name); found != json.end()) return *found;
  const std::size_t dot = name.find('.');
  if (dot == std::string::npos) return kNone;
  const auto outer = json.find(name.substr(0, dot));
  return outer == json.end() ? kNone : member_of(*outer, name.substr(dot + 1));
}

/// A text; or the contents of a list of messages, a line each.
std::string text_of(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  std::string text;
  if (!json.is_array()) return text;
  for (const Json& message : json)
    if (const Json& content = member_of(message, "content"); content.is_string())
      text.append(text.empty() ? "" : "\n").append(content.get_ref<const std::string&>());
  return text;
}

std::optional<double> number_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>() ? 1 : 0;
  if (!json.is_number()) return std::nullopt;
  const double value = json.get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::vector<std::string> different_words(const std::string& text) {
  std::vector<std::string> words = text::list_words(text);
  std::ranges::sort(words);
  const auto rest = std::ranges::unique(words);
  words.erase(rest.begin(), rest.end());
  return words;
}

/// What was found in an output, as rates count it.
void set_flags(const text::OutputFindings& found, RateFlags& flags) {
  const auto flag = [&](Rate rate) -> std::optional<bool>& { return flags[static_cast<std::size_t>(rate)]; };
  flag(Rate::Refusals) = found.is_refusal;
  flag(Rate::PersonalData) = found.has_personal_data;
  flag(Rate::TrainingText) = found.copies_training;
  flag(Rate::Offensive) = found.is_offensive;
}

}  // namespace

Result<RecordReader> RecordReader::create(const WatchConfig& config) {
  PEGBOX_TRY(const auto method, text::anonymize_method_of(config.personal_data.method));
  std::string secret;
  if (!config.personal_data.secret_file.empty()) {
    PEGBOX_TRY(secret, read_file(config.personal_data.secret_file));
  }
  PEGBOX_TRY(auto anonymizer, text::Anonymizer::create(method, std::move(secret)));
  PEGBOX_TRY(auto checks, text::OutputChecks::create(config.safety));
  return RecordReader(config, std::move(anonymizer), std::move(checks));
}

std::string RecordReader::without_personal_data(const std::string& text) const {
  text::PersonalCounts counts{};
  return anonymizer_.apply(text, counts);
}

Result<Json> RecordReader::parse(std::string_view line, const std::string& place) const {
  if (const auto offset = text::first_invalid_utf8(line))
    return fail(ErrorKind::InvalidInput,
                {.where = place,
                 .what = "this line is not UTF-8",
                 .got = fmt::format("byte {:#04x} at {}", static_cast<unsigned char>(line[*offset]), *offset + 1)});
  auto json = parse_foreign_json(line, place);
  if (!json) return fail(json.error().kind, {.what = without_personal_data(json.error().message)});
  if (!json->is_object()) return fail(ErrorKind::InvalidInput, {.where = place, .what = "this line is no JSON object"});
  return json;
}

Result<Record> RecordReader::read(std::string_view line, const std::string& place) const {
  PEGBOX_TRY(const Json json, parse(line, place));
  const FieldNames& names = config_.fields;
  const std::string prompt = text_of(member_of(json, names.prompt)), output = text_of(member_of(json, names.output));
  if (prompt.empty() && output.empty())
    return fail(ErrorKind::InvalidInput, {.where = place,
                                          .what = "this record has neither a prompt nor an output",
                                          .expected = fmt::format("texts in `{}` and `{}`", names.prompt, names.output),
                                          .hint = "say under fields: what the log calls them"});
  Record record{.prompt = without_personal_data(prompt),
                .output = without_personal_data(output),
                .correction = without_personal_data(text_of(member_of(json, names.correction))),
                .time = without_personal_data(text_of(member_of(json, names.time))),
                .rating = number_of(member_of(json, names.rating))};
  for (const Column& column : columns_) {
    const bool is_prompt = column.name.starts_with("prompt_");
    const std::string& logged = is_prompt ? prompt : output;
    ColumnValue& value = record.values.emplace_back();
    const Json& field = column.field.empty() ? Json() : member_of(json, column.field);
    if (column.kind == ColumnKind::Category) {
      if (field.is_string()) value = without_personal_data(field.get<std::string>());
      if (field.is_number() || field.is_boolean()) value = field.dump();
    } else if (!column.field.empty()) {
      if (const auto number = number_of(field)) value = *number;
    } else if (logged.empty()) {
      continue;
    } else if (column.kind == ColumnKind::Words) {
      value = different_words(is_prompt ? record.prompt : record.output);
    } else {
      value = static_cast<double>(text::count_characters(logged));
    }
  }
  if (record.rating) record.flags[static_cast<std::size_t>(Rate::BadRatings)] = *record.rating <= config_.feedback.bad;
  if (!output.empty()) set_flags(checks_.judge(prompt, output), record.flags);
  return record;
}

}  // namespace pegbox::watch
