// Event: kinds and payloads. Keys of a payload are those of the struct; absent members have their default.
#include "search/event.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "search/payload_reader.h"
#include "search/payload_writer.h"

namespace pegbox {
namespace {

constexpr std::array<std::string_view, 8> kKinds{"study-created",  "study-changed", "trial-created", "trial-started",
                                                 "trial-reported", "trial-moved",   "note",          "source-added"};

std::string payload(const event::StudyCreated& what) {
  return std::move(PayloadWriter().json("spec", what.spec).member("version", what.version)).finish();
}

std::string payload(const event::StudyChanged& what) {
  return std::move(PayloadWriter().json("spec", what.spec)).finish();
}

std::string payload(const event::TrialCreated& what) {
  PayloadWriter line;
  line.member("trial", what.trial).member("config", what.config);
  if (!what.reason.is_null()) line.json("reason", what.reason);
  line.member("seed", what.seed);
  if (what.clone_of) line.member("clone_of", *what.clone_of);
  return std::move(line).finish();
}

std::string payload(const event::TrialStarted& what) {
  PayloadWriter line;
  line.member("trial", what.trial).member("worker", what.worker).member("from", what.from).member("until", what.until);
  if (what.lease_s != 0) line.member("lease_s", what.lease_s);
  return std::move(line).finish();
}

std::string payload(const event::TrialReported& what) {
  PayloadWriter line;
  line.member("trial", what.trial).member("step", what.step).member("metrics", what.metrics);
  return std::move(line).finish();
}

std::string payload(const event::TrialMoved& what) {
  PayloadWriter line;
  line.member("trial", what.trial).member("to", name_of(what.to)).member("step", what.step);
  if (what.checkpoint) line.member("checkpoint", *what.checkpoint);
  if (what.failure) line.member("failure", name_of(*what.failure));
  if (!what.detail.empty()) line.member("detail", what.detail);
  return std::move(line).finish();
}

std::string payload(const event::Note& what) {
  PayloadWriter line;
  if (what.trial) line.member("trial", *what.trial);
  line.member("key", what.key).json("value", what.value);
  return std::move(line).finish();
}

std::string payload(const event::SourceAdded& what) {
  Json trials = Json::array();
  for (const event::SourceTrial& trial : what.trials) {
    Json metrics = Json::object();
    for (const auto& [name, value] : trial.metrics) metrics[name] = json_number(value);
    trials.push_back({{"trial", trial.trial}, {"config", trial.config.to_json()}, {"metrics", std::move(metrics)}});
  }
  PayloadWriter line;
  line.member("study", what.study).json("mapping", what.mapping).json("trials", trials);
  return std::move(line).finish();
}

tl::unexpected<Error> corrupt(std::string what, std::string got = {}) {
  return fail(ErrorKind::Corrupt, {.what = std::move(what), .got = std::move(got)});
}

/// Members of one JSON object. Every key that the payload has must be read; the first fault is kept.
class Members {
 public:
  Members(const Json& json, std::string_view kind) : json_(json), kind_(kind) {
    if (!json.is_object()) note("not an object");
  }

  const Json* find(std::string_view key, bool required = true) {
    if (!json_.is_object()) return nullptr;
    const auto found = json_.find(std::string(key));
    if (found == json_.end()) {
      if (required) note(fmt::format("'{}' is missing", key));
      return nullptr;
    }
    ++read_;
    return &*found;
  }

  bool has(std::string_view key) const { return json_.is_object() && json_.contains(std::string(key)); }

  template <class T>
  void integer(std::string_view key, T& value, bool required = true) {
    const Json* json = find(key, required);
    if (!json) return;
    const bool fits =
        std::is_signed_v<T> ? json->is_number_integer() && !is_beyond_int64(*json) : json->is_number_unsigned();
    if (!fits) return note(fmt::format("'{}' is not an integer that fits", key));
    value = json->get<T>();
  }

  void real(std::string_view key, double& value, bool required = true) {
    const Json* json = find(key, required);
    if (json && !read_json_number(*json, value)) note(fmt::format("'{}' is not a number", key));
  }

  void text(std::string_view key, std::string& value, bool required = true) {
    const Json* json = find(key, required);
    if (json && !json->is_string()) return note(fmt::format("'{}' is not a text", key));
    if (json) value = json->get<std::string>();
  }

  void any(std::string_view key, Json& value, bool required = true) {
    if (const Json* json = find(key, required)) value = *json;
  }

  void metrics(std::string_view key, Metrics& value) {
    const Json* json = find(key);
    if (!json) return;
    if (!json->is_object()) return note(fmt::format("'{}' is not an object", key));
    for (const auto& [name, number] : json->items())
      if (!read_json_number(number, value[name])) note(fmt::format("'{}' is not a number", name));
  }

  void config(std::string_view key, Config& value) {
    const Json* json = find(key);
    if (!json) return;
    auto read = Config::from_json(*json);
    if (!read) return note(read.error().message);
    value = std::move(*read);
  }

  void checkpoint(std::string_view key, std::optional<CheckpointRef>& value) {
    const Json* json = find(key, false);
    if (!json) return;
    value.emplace();
    Members members(*json, kind_);
    members.integer("trial", value->trial);
    members.integer("step", value->step);
    members.text("name", value->name);
    if (auto result = members.finish(); !result) note(result.error().message);
  }

  void note(std::string fault) {
    if (fault_.empty()) fault_ = std::move(fault);
  }

  Result<void> finish() {
    if (fault_.empty() && json_.size() != read_) note("a key that is not known");
    if (fault_.empty()) return {};
    return corrupt(fmt::format("a damaged '{}' event: {}", kind_, fault_), to_line(json_).substr(0, 80));
  }

 private:
  static bool is_beyond_int64(const Json& json) {
    return json.is_number_unsigned() && json.get<std::uint64_t>() > std::uint64_t{INT64_MAX};
  }

  const Json& json_;
  std::string_view kind_;
  std::size_t read_ = 0;
  std::string fault_;
};

void read(Members& members, event::StudyCreated& what) {
  members.any("spec", what.spec);
  members.text("version", what.version);
}

void read(Members& members, event::StudyChanged& what) { members.any("spec", what.spec); }

void read(Members& members, event::TrialCreated& what) {
  members.integer("trial", what.trial);
  members.config("config", what.config);
  members.any("reason", what.reason, false);
  members.integer("seed", what.seed);
  members.checkpoint("clone_of", what.clone_of);
}

void read(Members& members, event::TrialStarted& what) {
  members.integer("trial", what.trial);
  members.text("worker", what.worker);
  members.integer("from", what.from);
  members.integer("until", what.until);
  members.real("lease_s", what.lease_s, false);
}

void read(Members& members, event::TrialReported& what) {
  members.integer("trial", what.trial);
  members.integer("step", what.step);
  members.metrics("metrics", what.metrics);
}

void read(Members& members, event::TrialMoved& what) {
  members.integer("trial", what.trial);
  std::string name;
  members.text("to", name);
  if (const auto state = trial_state_of(name))
    what.to = *state;
  else
    members.note("an unknown state");
  members.integer("step", what.step);
  members.checkpoint("checkpoint", what.checkpoint);
  if (const Json* failure = members.find("failure", false)) {
    if (failure->is_string()) what.failure = failure_kind_of(failure->get<std::string>());
    if (!what.failure) members.note("an unknown failure");
  }
  members.text("detail", what.detail, false);
}

void read(Members& members, event::Note& what) {
  if (members.has("trial")) members.integer("trial", what.trial.emplace());
  members.text("key", what.key);
  members.any("value", what.value);
}

void read(Members& members, event::SourceAdded& what) {
  members.text("study", what.study);
  members.any("mapping", what.mapping);
  const Json* trials = members.find("trials");
  if (!trials) return;
  if (!trials->is_array()) return members.note("'trials' is not a list");
  for (const Json& json : *trials) {
    event::SourceTrial& trial = what.trials.emplace_back();
    Members of_trial(json, "source-added");
    of_trial.integer("trial", trial.trial);
    of_trial.config("config", trial.config);
    of_trial.metrics("metrics", trial.metrics);
    if (auto result = of_trial.finish(); !result) members.note(result.error().message);
  }
}

template <class T>
Result<Event::What> decode(const Json& json, std::string_view kind) {
  Members members(json, kind);
  T what;
  read(members, what);
  PEGBOX_CHECK(members.finish());
  return Event::What(std::move(what));
}

}  // namespace

std::string_view kind_of(const Event::What& what) { return kKinds[what.index()]; }

std::string encode_payload(const Event::What& what) {
  return std::visit([](const auto& kind) { return payload(kind); }, what);
}

Result<Event::What> decode_payload(std::string_view kind, std::string_view text) {
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end())
    return fail(ErrorKind::Unsupported, {.what = "an unknown kind of event",
                                         .got = std::string(kind),
                                         .hint = "was the study written by a newer version?"});
  if (auto usual = decode_usual_payload(kind, text)) return std::move(*usual);
  auto json = parse_json(text, std::string(kind) + " event");
  if (!json) return tl::make_unexpected(Error{ErrorKind::Corrupt, std::move(json).error().message});
  if (kind == kKinds[0]) return decode<event::StudyCreated>(*json, kind);
  if (kind == kKinds[1]) return decode<event::StudyChanged>(*json, kind);
  if (kind == kKinds[2]) return decode<event::TrialCreated>(*json, kind);
  if (kind == kKinds[3]) return decode<event::TrialStarted>(*json, kind);
  if (kind == kKinds[4]) return decode<event::TrialReported>(*json, kind);
  if (kind == kKinds[5]) return decode<event::TrialMoved>(*json, kind);
  if (kind == kKinds[6]) return decode<event::Note>(*json, kind);
  return decode<event::SourceAdded>(*json, kind);
}

}  // namespace pegbox
