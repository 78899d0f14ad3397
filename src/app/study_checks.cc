// StudyChecks: see study_checks.h.
#include "app/study_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/check_view.h"
#include "app/worker_places.h"
#include "search/event.h"
#include "text/language.h"

namespace pegbox {

namespace {

constexpr std::string_view kData = "data", kLanguage = "expected_language", kStop = "stop", kWarn = "warn";

/// Where the data are, as the trainer's field `data` has it.
Result<Json> data_of(const Node& checks, const TrialSection& trial, const Path& folder) {
  if (checks.has(kData)) {
    PEGBOX_TRY(const Json resolved, resolve_trainer_paths(checks, folder));  // the same member, in the same form
    return resolved[std::string(kData)];
  }
  if (trial.trainer.contains(kData)) return trial.trainer[std::string(kData)];
  return checks.fail("no data are known to check", "data: {train: FILE, validation: FILE} among the checks",
                     "only the built-in trainer says by itself what its data are");
}

Json asked_json(const StudyChecks& checks) {
  Json asked = Json::object();
  for (std::size_t i = 0; i < text::kCheckKinds; ++i)
    if (checks.wanted[i])
      asked[std::string(text_of(static_cast<text::CheckKind>(i)).name)] = checks.stops[i] ? kStop : kWarn;
  if (!checks.language.empty()) asked[std::string(kLanguage)] = checks.language;
  return asked;
}

/// What tells data from others: the parts with the names and hashes of their files, and what fields are called. Of
/// `looked_at`: the parts as text::to_json has them.
Json identity_of(const Json& looked_at, const Json& columns) {
  Json parts = Json::array();
  for (const Json& part : looked_at) parts.push_back({{"name", part["name"]}, {"files", part["files"]}});
  return {{"parts", std::move(parts)}, {"columns", columns}};
}

/// The same of the data as they are now.
Result<Json> identity_now(const DataParts& data, const Json& columns) {
  text::CheckReport report;
  for (const text::DataPart& part : data.parts) {
    PEGBOX_TRY(auto files, text::hashed_files(part, data.options));
    report.parts.push_back({.name = part.name, .files = std::move(files)});
  }
  return identity_of(to_json(report)["parts"], columns);
}

/// The findings on the present data, from the log or new ones, which are then in the log.
Result<Json> findings_of(Study& study, const StudyChecks& checks, Console& console,
                         const std::atomic<bool>& interrupted) {
  const Json asked = asked_json(checks), columns = checks.data.options.columns;
  const auto known = study.state().notes().find(kChecksNote);
  if (known != study.state().notes().end()) {
    PEGBOX_TRY(const Json now, identity_now(checks.data, columns));
    const bool are_same = now == identity_of(known->second["parts"], known->second.value("columns", columns));
    if (are_same && known->second["asked"] == asked) return known->second;
    if (!are_same && !study.history().trials.empty())
      console.warn("the data are not those that the study's earlier trials learned from");
  }
  const text::CheckOptions options{.dataset = checks.data.options,
                                   .checks = checks.wanted,
                                   .faults = checks.stops,
                                   .language = checks.language,
                                   .threads = Resources::look().cores,
                                   .interrupted = &interrupted};
  PEGBOX_TRY(const text::CheckReport report, text::check_data(checks.data.parts, options));
  Json note = {{"asked", asked}, {"columns", columns}};
  note.update(to_json(report));
  PEGBOX_CHECK(study.append(study.state().now_s(), kTunerAuthor, event::Note{{}, kChecksNote, note}));
  PEGBOX_CHECK(study.commit());
  return note;
}

}  // namespace

Result<std::optional<StudyChecks>> StudyChecks::read(const Node& root, const TrialSection& trial, const Path& folder) {
  if (!root.has("checks")) return std::optional<StudyChecks>();
  PEGBOX_TRY(const Node node, root.at("checks"));
  StudyChecks checks;
  for (const auto& [name, member] : node.members()) {
    if (name == kData) continue;
    if (name == kLanguage) {
      PEGBOX_TRY(const std::string language, member.string());
      PEGBOX_TRY(checks.language, text::language_code(language, member.where()));
      continue;
    }
    const auto kind = text::check_of(name, member.where());
    if (!kind) return tl::make_unexpected(kind.error());
    if (member.json() != kStop && member.json() != kWarn) return member.fail("not what a check does", "stop or warn");
    checks.wanted[static_cast<std::size_t>(*kind)] = true;
    checks.stops[static_cast<std::size_t>(*kind)] = member.json() == kStop;
  }
  if (!checks.language.empty() && !checks.wanted[static_cast<std::size_t>(text::CheckKind::Language)])
    return node.fail("no row would be asked for its language", "language: stop or warn beside expected_language");
  if (std::ranges::none_of(checks.wanted, [](bool is_wanted) { return is_wanted; }))
    return std::optional<StudyChecks>();
  PEGBOX_TRY(const Json data, data_of(node, trial, folder));
  PEGBOX_TRY(checks.data, data_parts_of(data, node.where()));
  return checks;
}

Result<bool> check_study_data(Study& study, const StudyChecks& checks, Console& console,
                              const std::atomic<bool>& interrupted) {
  PEGBOX_TRY(const Json note, findings_of(study, checks, console, interrupted));
  bool may_run = true;
  for (const Json& finding : note["findings"]) {
    if (finding["severity"] != "fault") {
      console.warn(finding_line(finding));
      continue;
    }
    may_run = false;
    console.error(
        fmt::format("{} stops before its trials, as its checks say: {}", study.name(), finding_line(finding)));
    for (const Json& example : finding["examples"])
      console.error(fmt::format("  {}: {}", example["place"].get<std::string>(), example["detail"].get<std::string>()));
    console.error("  " + finding["hint"].get<std::string>());
  }
  return may_run;
}

}  // namespace pegbox
