// WatchConfig: one reader for each section.
#include "watch/watch_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/field_table.h"
#include "watch/drift.h"

namespace pegbox::watch {

namespace {

const FieldTable<FieldNames>& name_fields() {
  static const FieldTable<FieldNames> table{{
      {.name = "prompt", .member = &FieldNames::prompt, .help = "what the model was given"},
      {.name = "output", .member = &FieldNames::output, .help = "what it wrote"},
      {.name = "rating", .member = &FieldNames::rating, .help = "what somebody thought of it: a number, true or false"},
      {.name = "correction", .member = &FieldNames::correction, .help = "what it should have written"},
      {.name = "time", .member = &FieldNames::time, .help = "when; shown as it stands"},
  }};
  return table;
}

const FieldTable<Reference>& reference_fields() {
  static const FieldTable<Reference> table{{
      {.name = "file", .member = &Reference::file, .help = "records to compare with"},
      {.name = "records",
       .member = &Reference::records,
       .minimum = 20,
       .maximum = 1e6,
       .help = "the logs' first so many"},
  }};
  return table;
}

const FieldTable<PersonalDataRule>& personal_data_fields() {
  static const FieldTable<PersonalDataRule> table{{
      {.name = "method",
       .member = &PersonalDataRule::method,
       .choices = {"replace", "mask", "hash", "surrogate"},
       .help = "what takes its place"},
      {.name = "secret_file", .member = &PersonalDataRule::secret_file, .help = "the secret of hash and surrogate"},
  }};
  return table;
}

const FieldTable<DriftRule>& drift_fields() {
  static const FieldTable<DriftRule> table{{
      {.name = "level", .member = &DriftRule::level, .minimum = 1e-12, .maximum = 0.5, .help = "of tests, corrected"},
      {.name = "correct",
       .member = &DriftRule::correct,
       .choices = {"holm", "benjamini_hochberg", "none"},
       .help = "for several tests of one window"},
      {.name = "words", .member = &DriftRule::words, .minimum = 0, .maximum = 1e5, .help = "most frequent, compared"},
  }};
  return table;
}

const FieldTable<FeedbackRule>& feedback_fields() {
  static const FieldTable<FeedbackRule> table{{
      {.name = "good", .member = &FeedbackRule::good, .help = "ratings from here on are good"},
      {.name = "bad", .member = &FeedbackRule::bad, .help = "ratings up to here are bad"},
  }};
  return table;
}

/// A text, or a list of texts.
Result<std::vector<std::string>> texts_of(const Node& node) {
  std::vector<std::string> texts;
  for (const Node& item : node.is_array() ? node.items() : std::vector<Node>{node}) {
    PEGBOX_TRY(std::string text, item.string());
    if (text.empty()) return item.fail("empty", "a text");
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string under(const Path& folder, const std::string& path) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

/// Reads a member if it is there: `read` takes its node.
template <class Read>
Result<void> if_there(const Node& node, std::string_view name, const Read& read) {
  if (!node.has(name)) return {};
  PEGBOX_TRY(const Node member, node.at(name));
  return read(member);
}

/// A section of a field table, and of further members that the caller reads.
template <class T>
Result<T> read_section(const Node& node, const FieldTable<T>& table, std::vector<std::string_view> others) {
  for (const std::string_view name : names_of(table.rows())) others.push_back(name);
  PEGBOX_CHECK(node.only(others));
  return table.read_known(node);
}

Result<void> read_strings(const Node& node, std::string_view name, std::vector<std::string>& texts) {
  return if_there(node, name, [&](const Node& member) -> Result<void> {
    PEGBOX_TRY(texts, texts_of(member));
    return {};
  });
}

Result<void> read_reference(const Node& node, const Path& folder, WatchConfig& config) {
  PEGBOX_TRY(config.reference, reference_fields().read(node));
  if (node.has("file") && node.has("records"))
    return node.fail("a reference is a file or the first records", "one of file and records");
  config.reference.file = under(folder, config.reference.file);
  return {};
}

Result<void> read_drift(const Node& node, const WatchConfig& config, DriftRule& drift) {
  PEGBOX_TRY(drift, read_section(node, drift_fields(), {"tests", "thresholds"}));
  const std::vector<Column> columns = columns_of(config);
  std::vector<std::string_view> names;
  for (const Column& column : columns)
    if (column.kind != ColumnKind::Words) names.push_back(column.name);
  PEGBOX_CHECK(if_there(node, "tests", [&](const Node& tests) -> Result<void> {
    PEGBOX_CHECK(tests.only(names));
    for (const auto& [name, member] : tests.members()) {
      PEGBOX_TRY(const std::string test, member.string());
      const auto column = std::ranges::find(columns, name, &Column::name);
      if (!find_test(test, column->kind))
        return member.fail(fmt::format("no test of {} has this name", noun_of(column->kind)), test_names(column->kind));
      drift.tests[name] = test;
    }
    return {};
  }));
  return if_there(node, "thresholds", [&](const Node& thresholds) -> Result<void> {
    PEGBOX_CHECK(thresholds.only(names));
    for (const auto& [name, member] : thresholds.members()) {
      PEGBOX_TRY(const double threshold, member.real());
      if (!(threshold > 0)) return member.fail("a distance is no threshold that is not positive", "a number above 0");
      drift.thresholds[name] = threshold;
    }
    return {};
  });
}

Result<void> read_rates(const Node& node, RateRule& rates) {
  constexpr std::array<std::string_view, 2> kNames = {"level", "limits"};
  PEGBOX_CHECK(node.only(kNames));
  const auto share = [](const Node& member) -> Result<double> {
    PEGBOX_TRY(const double value, member.real());
    if (!(value > 0 && value < 1)) return member.fail("no share", "a number between 0 and 1");
    return value;
  };
  PEGBOX_CHECK(if_there(node, "level", [&](const Node& member) -> Result<void> {
    PEGBOX_TRY(rates.level, share(member));
    return {};
  }));
  return if_there(node, "limits", [&](const Node& limits) -> Result<void> {
    PEGBOX_CHECK(limits.only(kRateNames));
    for (std::size_t i = 0; i < kRates; ++i)
      PEGBOX_CHECK(if_there(limits, kRateNames[i], [&](const Node& member) -> Result<void> {
        PEGBOX_TRY(rates.limits[i], share(member));
        return {};
      }));
    return {};
  });
}

Result<void> read_alarm(const Node& node, AlarmRule& alarm) {
  constexpr std::array<std::string_view, 2> kNames = {"command", "timeout"};
  PEGBOX_CHECK(node.only(kNames));
  PEGBOX_TRY(const Node command, node.at("command"));
  if (!command.is_array() || command.items().empty())
    return command.fail("no program with its arguments", "a list such as [notify, --channel, models]",
                        "no shell reads it, so that nothing in a log can become a command; for pipes name a script");
  PEGBOX_TRY(alarm.command, texts_of(command));
  return if_there(node, "timeout", [&](const Node& member) -> Result<void> {
    PEGBOX_TRY(
        const FieldValue value,
        (FieldRow{.name = "timeout", .fallback = 60.0, .minimum = 0.1, .maximum = 3600, .unit = Unit::Seconds}.read(
            member)));
    alarm.timeout_s = std::get<double>(value);
    return {};
  });
}

/// No two columns have one name.
Result<void> check_columns(const Node& root, const WatchConfig& config) {
  const std::vector<Column> columns = columns_of(config);
  for (const Column& column : columns)
    if (std::ranges::count(columns, column.name, &Column::name) > 1)
      return root.fail(fmt::format("two columns are called `{}`", column.name), "scores and groups with other names",
                       "prompt_length, output_length, rating, prompt_words and output_words are there by themselves");
  return {};
}

/// Without links, `.` and `..`, from the root; what does not exist stays as it is spelled.
Path canonical_path(const Path& path) {
  std::error_code code;
  Path canonical = std::filesystem::weakly_canonical(std::filesystem::absolute(path, code), code);
  return code ? path : canonical;
}

/// No file is read twice, however its paths are spelled.
Result<void> check_logs_differ(const Node& node, std::span<const std::string> logs) {
  std::map<Path, std::string> known;
  for (const std::string& log : logs)
    if (const auto [earlier, is_new] = known.emplace(canonical_path(log), log); !is_new)
      return node.fail(earlier->second == log ? fmt::format("the log {} is named twice", log)
                                              : fmt::format("{} and {} are one file", earlier->second, log),
                       "each log once");
  return {};
}

Result<void> read_plain(const Node& root, const Path& folder, WatchConfig& config) {
  PEGBOX_TRY(const Node logs, root.at("logs"));
  PEGBOX_TRY(config.logs, texts_of(logs));
  if (config.logs.empty()) return logs.fail("no log is named", "a file, or a list of files");
  config.log_names = config.logs;
  for (std::string& log : config.logs) log = under(folder, log);
  PEGBOX_CHECK(check_logs_differ(logs, config.logs));
  PEGBOX_CHECK(if_there(root, "state", [&](const Node& node) -> Result<void> {
    PEGBOX_TRY(const std::string state, node.string());
    config.state = under(folder, state);
    return {};
  }));
  PEGBOX_CHECK(if_there(root, "window", [&](const Node& node) -> Result<void> {
    PEGBOX_TRY(config.window, node.integer());
    if (config.window < 20 || config.window > 1'000'000)
      return node.fail("no size of a window", "20 to 1000000 records");
    return {};
  }));
  return if_there(root, "broken", [&](const Node& node) -> Result<void> {
    if (node.json() != "stop" && node.json() != "skip")
      return node.fail("not what is done with a line", "stop or skip");
    config.skips_broken = node.json() == "skip";
    return {};
  });
}

}  // namespace

Result<WatchConfig> WatchConfig::read(const Document& document, const Path& folder, const std::string& default_state) {
  constexpr std::array<std::string_view, 14> kSections = {"logs",          "state",  "fields",   "scores", "groups",
                                                          "reference",     "window", "broken",   "drift",  "rates",
                                                          "personal_data", "safety", "feedback", "alarm"};
  constexpr std::array<std::string_view, 9> kIdentity = {"fields", "scores",        "groups", "reference", "window",
                                                         "rates",  "personal_data", "safety", "feedback"};
  const Node root = document.root();
  PEGBOX_CHECK(root.only(kSections));
  WatchConfig config;
  config.identity = Json::object();
  config.state = default_state;
  PEGBOX_CHECK(read_plain(root, folder, config));
  PEGBOX_CHECK(read_strings(root, "scores", config.scores));
  PEGBOX_CHECK(read_strings(root, "groups", config.groups));
  PEGBOX_CHECK(check_columns(root, config));
  const auto table_into = [&](std::string_view name, auto& target, const auto& table) {
    return if_there(root, name, [&](const Node& node) -> Result<void> {
      PEGBOX_TRY(target, table.read(node));
      return {};
    });
  };
  PEGBOX_CHECK(table_into("fields", config.fields, name_fields()));
  PEGBOX_CHECK(table_into("personal_data", config.personal_data, personal_data_fields()));
  config.personal_data.secret_file = under(folder, config.personal_data.secret_file);
  PEGBOX_CHECK(if_there(root, "feedback", [&](const Node& node) -> Result<void> {
    PEGBOX_TRY(config.feedback, feedback_fields().read(node));
    if (config.feedback.bad >= config.feedback.good) return node.fail("what is bad is good", "bad below good");
    return {};
  }));
  PEGBOX_CHECK(if_there(root, "reference", [&](const Node& node) { return read_reference(node, folder, config); }));
  PEGBOX_CHECK(if_there(root, "drift", [&](const Node& node) { return read_drift(node, config, config.drift); }));
  PEGBOX_CHECK(if_there(root, "rates", [&](const Node& node) { return read_rates(node, config.rates); }));
  PEGBOX_CHECK(if_there(root, "safety", [&](const Node& node) -> Result<void> {
    PEGBOX_TRY(config.safety, text::SafetyRule::read(node, folder));
    return {};
  }));
  PEGBOX_CHECK(if_there(root, "alarm", [&](const Node& node) { return read_alarm(node, config.alarm); }));
  for (const std::string_view name : kIdentity)
    if (root.has(name)) config.identity[std::string(name)] = root.json()[std::string(name)];
  return config;
}

}  // namespace pegbox::watch
