// QuickStudy: a study made from a few flags instead of a file.
#include "app/quick_study.h"

#include "app/yaml_document.h"
#include "base/file.h"
#include "base/units.h"

namespace pegbox {

namespace {

/// "60trials", "60 trials" -> 60; nothing if `text` does not end in `unit`, or what is before it is no number.
std::optional<double> number_before(const std::string& text, const std::string& unit) {
  const auto at = text.rfind(unit);
  if (at == std::string::npos || at + unit.size() != text.size() || at == 0) return std::nullopt;
  const auto parsed = parse_yaml(text.substr(0, at), "--budget");
  if (!parsed || !parsed->json.is_number()) return std::nullopt;
  return parsed->json.get<double>();
}

bool is_bare_number(const std::string& text) {
  const auto parsed = parse_yaml(text.empty() ? "~" : text, "--budget");
  return parsed && parsed->json.is_number();
}

/// A name of letters, digits, `_`, `-` and `.` from what a person called the model or the data.
std::string plain_name(const std::string& text) {
  std::string name;
  for (char c : text) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    name += is_plain ? c : '-';
  }
  return name.substr(0, 60);
}

std::string default_name(const QuickStudy& quick) {
  std::string source = quick.model.empty() ? (quick.data.empty() ? "" : quick.data[0]) : quick.model;
  while (source.size() > 1 && source.back() == '/') source.pop_back();
  return quick.method + "-" + plain_name(Path(source).stem().string());
}

}  // namespace

Result<Json> budget_of_flags(const std::vector<std::string>& flags) {
  Json budget = Json::object();
  for (const std::string& flag : flags) {
    std::string name = "time";
    Json value;
    if (auto trials = number_before(flag, "trials")) {
      name = "trials", value = *trials;
    } else if (auto tokens = number_before(flag, "tokens")) {
      name = "tokens", value = *tokens;
    } else if (is_bare_number(flag)) {
      return fail(ErrorKind::InvalidInput, {.where = "--budget",
                                            .what = "a number without a unit",
                                            .got = flag,
                                            .expected = "30m, 60trials or 2e8tokens"});
    } else {
      const auto seconds = parse_duration(flag);
      if (!seconds)
        return fail(
            ErrorKind::InvalidInput,
            {.where = "--budget", .what = "not a budget", .got = flag, .expected = "30m, 60trials or 2e8tokens"});
      value = *seconds;
    }
    if (budget.contains(name))
      return fail(ErrorKind::InvalidInput, {.where = "--budget", .what = "two limits on " + name, .got = flag});
    budget[name] = std::move(value);
  }
  return budget;
}

Result<Json> fields_of_flags(const std::vector<std::string>& flags, const std::string& flag) {
  Json fields = Json::object();
  for (const std::string& each : flags) {
    const auto equals = each.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorKind::InvalidInput,
                  {.where = flag, .what = "not a setting", .got = each, .expected = "NAME=VALUE, such as rank=8"});
    const std::string value = each.substr(equals + 1);
    PEGBOX_TRY(auto parsed, parse_yaml(value.empty() ? "~" : value, flag + " " + each));
    fields[each.substr(0, equals)] = std::move(parsed.json);
  }
  return fields;
}

Result<Document> quick_study_document(const QuickStudy& quick) {
  if (quick.model.empty() && quick.method != "scratch")
    return fail(ErrorKind::InvalidInput, {.where = "pegbox tune",
                                          .what = "no study file and no --model",
                                          .hint = "name a study file, or give --model DIR --data FILE --budget 30m"});
  if (quick.data.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "pegbox tune", .what = "--data is missing", .expected = "text to train on"});
  if (quick.budget.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "pegbox tune", .what = "--budget is missing", .expected = "30m, 60trials or 2e8tokens"});
  PEGBOX_TRY(const Json fields, fields_of_flags(quick.set, "--set"));
  Json trainer = Json::object();
  if (!quick.model.empty()) trainer["model"] = quick.model;
  trainer["data"] = {{"train", quick.data.size() == 1 ? Json(quick.data[0]) : Json(quick.data)}};
  if (!quick.validation.empty()) trainer["data"]["validation"] = quick.validation;
  trainer["method"] = quick.method;
  trainer.update(fields);  // what is set is not searched
  Document document{.json = Json::object(), .name = "pegbox tune", .lines = {}};
  Json& json = document.json;
  json["name"] = quick.name.empty() ? default_name(quick) : quick.name;
  json["trial"] = {{"trainer", std::move(trainer)}};
  json["space"] = "auto";
  json["objective"] = {{"minimize", "validation_loss"}};
  PEGBOX_TRY(json["budget"], budget_of_flags(quick.budget));
  json["workers"] = {{"count", quick.workers}};
  json["seed"] = quick.seed;
  return document;
}

}  // namespace pegbox
