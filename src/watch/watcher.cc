// Watcher: see watcher.h.
#include "watch/watcher.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/file_line_reader.h"
#include "text/utf8.h"

namespace pegbox::watch {

namespace {

constexpr int kFormat = 1;
constexpr double kSaveEvery_s = 5;

Json place_json(const FilePlace& place) {
  return {place.device, place.inode, place.offset, place.line, place.checked_bytes, place.checksum};
}

FilePlace place_from_json(const Json& json) {
  return {.device = json.at(0).get<std::uint64_t>(),
          .inode = json.at(1).get<std::uint64_t>(),
          .offset = json.at(2).get<std::int64_t>(),
          .line = json.at(3).get<std::int64_t>(),
          .checked_bytes = json.at(4).get<std::int64_t>(),
          .checksum = json.at(5).get<std::uint32_t>()};
}

}  // namespace

Watcher::Watcher(const WatchConfig& config, RecordReader reader, FileLock lock)
    : config_(config),
      columns_(columns_of(config)),
      reader_(std::move(reader)),
      lock_(std::move(lock)),
      places_(config.logs.size()),
      window_(columns_.size()),
      groups_(columns_),
      saved_s_(clock_.now_s()) {
  for (const std::string& log : config.logs) logs_.emplace_back(log);
}

Result<Watcher> Watcher::open(const WatchConfig& config, Listener& listener) {
  if (const Path state = config.state; state.has_parent_path()) PEGBOX_CHECK(make_folder(state.parent_path()));
  PEGBOX_TRY(FileLock lock, FileLock::acquire(config.state + ".lock"));
  PEGBOX_TRY(RecordReader reader, RecordReader::create(config));
  Watcher watcher(config, std::move(reader), std::move(lock));
  std::error_code code;
  if (std::filesystem::exists(config.state, code)) {
    PEGBOX_TRY(const std::string text, read_file(config.state));
    PEGBOX_TRY(const Json state, parse_json(text, config.state));
    PEGBOX_CHECK(watcher.load(state));
  } else if (!config.reference.file.empty()) {
    PEGBOX_CHECK(watcher.read_reference(listener));
  }
  return watcher;
}

Result<void> Watcher::check_identity(const Json& begun) const {
  for (const auto& [ours, theirs] : {std::pair(&config_.identity, &begun), std::pair(&begun, &config_.identity)})
    for (const auto& [name, value] : ours->items())
      if (theirs->value(name, Json()) != value)
        return fail(ErrorKind::Conflict,
                    {.where = config_.state,
                     .what = fmt::format("the watch file's `{}` is not what it was when this state was begun", name),
                     .got = excerpt(config_.identity.value(name, Json())),
                     .expected = excerpt(begun.value(name, Json())),
                     .hint = "name another file with state:, or remove this one to begin anew with a new reference"});
  return {};
}

Result<void> Watcher::load(const Json& state) {
  try {
    if (state.at("format").get<int>() != kFormat)
      return fail(ErrorKind::Unsupported, {.where = config_.state, .what = "written by another version of pegbox"});
    PEGBOX_CHECK(check_identity(state.at("identity")));
    for (const auto& [log, place] : state.at("logs").items())
      for (std::size_t i = 0; i < logs_.size(); ++i)
        if (config_.log_names[i] == log) {
          places_[i] = place_from_json(place);
          logs_[i] = GrowingFile(config_.logs[i], places_[i]);
        }
    records_ = state.at("records").get<std::int64_t>();
    broken_ = state.at("broken").get<std::int64_t>();
    windows_ = state.at("windows").get<std::int64_t>();
    totals_ = rates_from_json(state.at("totals"));
    groups_.load(state.at("groups"));
    for (std::size_t i = 0; i < kRates; ++i) tests_[i] = RateWatch::from_json(state.at("tests").at(i));
    PEGBOX_TRY(window_, Sample::from_json(state.at("window"), columns_.size(), config_.state));
    if (state.at("reference").is_null()) return {};
    PEGBOX_TRY(reference_, Sample::from_json(state.at("reference"), columns_.size(), config_.state));
    return {};
  } catch (const Json::exception& error) {
    return fail(ErrorKind::Corrupt, {.where = config_.state, .what = "no state of a watch", .got = error.what()});
  }
}

Result<void> Watcher::save() {
  Json logs = Json::object(), tests = Json::array();
  for (std::size_t i = 0; i < places_.size(); ++i) logs[config_.log_names[i]] = place_json(places_[i]);
  for (const RateWatch& test : tests_) tests.push_back(test.to_json());
  const Json state = {{"format", kFormat},
                      {"identity", config_.identity},
                      {"logs", std::move(logs)},
                      {"records", records_},
                      {"broken", broken_},
                      {"windows", windows_},
                      {"totals", to_json(totals_)},
                      {"groups", groups_.to_json()},
                      {"tests", std::move(tests)},
                      {"window", window_.to_json()},
                      {"reference", reference_ ? reference_->to_json() : Json()}};
  saved_s_ = clock_.now_s();
  return replace_file(config_.state, to_line(state) + "\n");
}

Result<void> Watcher::read_reference(Listener& listener) {
  PEGBOX_TRY(auto lines, FileLineReader::open(config_.reference.file));
  Sample sample(columns_.size());
  for (;;) {
    PEGBOX_TRY(const auto line, lines.next());
    if (!line) break;
    if (text::is_blank(*line)) continue;
    const auto record = reader_.read(*line, fmt::format("{}:{}", config_.reference.file, lines.line()));
    if (record) {
      sample.add(*record);
    } else if (config_.skips_broken) {
      listener.on_broken(record.error().message);
    } else {
      return tl::make_unexpected(record.error());
    }
  }
  if (sample.records < 20)
    return fail(ErrorKind::InvalidInput, {.where = config_.reference.file,
                                          .what = "too few records to compare with",
                                          .got = std::to_string(sample.records),
                                          .expected = "at least 20"});
  set_reference(std::move(sample));
  return {};
}

void Watcher::set_reference(Sample sample) {
  for (std::size_t i = 0; i < kRates; ++i)
    tests_[i] = RateWatch(config_.rates.limits[i], sample.rates[i], config_.rates.level);
  reference_ = std::move(sample);
}

bool Watcher::has_any_log() const { return std::ranges::any_of(logs_, &GrowingFile::exists); }

Result<void> Watcher::read(Listener& listener, bool to_the_end, const std::atomic<bool>& interrupted) {
  const auto before = std::pair(records_, broken_);
  for (std::size_t i = 0; i < logs_.size(); ++i)
    if (auto done = read_log(i, listener, to_the_end, interrupted); !done) {
      PEGBOX_CHECK(save());
      return done;
    }
  return std::pair(records_, broken_) == before ? Result<void>() : save();
}

Result<void> Watcher::read_log(std::size_t number, Listener& listener, bool to_the_end,
                               const std::atomic<bool>& interrupted) {
  GrowingFile& log = logs_[number];
  for (;;) {
    if (interrupted) return fail(ErrorKind::Interrupted, {.where = config_.logs[number], .what = "interrupted"});
    PEGBOX_TRY(const auto line, log.next());
    for (const std::string& note : log.take_notes()) listener.on_note(note);
    if (!line) break;
    PEGBOX_CHECK(take(*line, fmt::format("{}:{}", config_.logs[number], log.place().line), listener));
    places_[number] = log.place();
    if (clock_.now_s() - saved_s_ > kSaveEvery_s) PEGBOX_CHECK(save());
  }
  return to_the_end ? take_unfinished(number, listener) : Result<void>();
}

Result<void> Watcher::take_unfinished(std::size_t number, Listener& listener) {
  GrowingFile& log = logs_[number];
  const std::string line(log.unfinished());
  if (text::is_blank(line)) return {};
  const std::string place = fmt::format("{}:{}", config_.logs[number], log.unfinished_line());
  if (!reader_.read(line, place)) {
    listener.on_note(place + ": is no whole record and has no line feed; it may still be being written, and is left");
    return {};
  }
  PEGBOX_CHECK(take(line, place, listener));
  log.take_unfinished();
  places_[number] = log.place();
  return {};
}

Result<void> Watcher::take(std::string_view line, const std::string& place, Listener& listener) {
  if (text::is_blank(line)) return {};
  const auto record = reader_.read(line, place);
  if (record) {
    add(*record, listener);
    return {};
  }
  if (!config_.skips_broken) {
    Error error = record.error();
    error.message += "; `broken: skip` in the watch file leaves such lines out and counts them";
    return tl::make_unexpected(std::move(error));
  }
  ++broken_;
  listener.on_broken(record.error().message);
  return {};
}

void Watcher::add(const Record& record, Listener& listener) {
  ++records_;
  for (std::size_t i = 0; i < kRates; ++i)
    if (record.flags[i]) totals_[i].add(*record.flags[i]);
  groups_.add(record);
  window_.add(record);
  if (!reference_) {
    if (window_.records == config_.reference.records) set_reference(std::exchange(window_, Sample(columns_.size())));
    return;
  }
  add_to_rates(record, listener);
  if (window_.records == config_.window) close_window(listener);
}

void Watcher::add_to_rates(const Record& record, Listener& listener) {
  for (std::size_t i = 0; i < kRates; ++i) {
    RateWatch& test = tests_[i];
    if (!record.flags[i] || !test.add(*record.flags[i])) continue;
    const RateCount& since = test.since();
    Json detail = {{"rate", kRateNames[i]}, {"limit", test.limit()}, {"yes", since.yes}, {"of", since.known}};
    raise({.kind = "rate",
           .text = fmt::format("{}: {} of {} ({:.3g} %), limit {:.3g} %", kRateNames[i], since.yes, since.known,
                               100 * since.rate(), 100 * test.limit()),
           .record = records_,
           .detail = std::move(detail)},
          listener);
    test = RateWatch(config_.rates.limits[i], reference_->rates[i], config_.rates.level);
  }
}

void Watcher::close_window(Listener& listener) {
  const Sample window = std::exchange(window_, Sample(columns_.size()));
  const WindowReport report{.number = ++windows_,
                            .first_record = records_ - window.records + 1,
                            .last_record = records_,
                            .first_time = window.first_time,
                            .last_time = window.last_time,
                            .drifts = compare(*reference_, window, config_),
                            .rates = window.rates};
  listener.on_window(report);
  if (const std::string drift = describe_drift(report.drifts); !drift.empty())
    raise({.kind = "drift",
           .text = fmt::format("window {}: {}", report.number, drift),
           .record = records_,
           .detail = to_json(report)},
          listener);
}

void Watcher::raise(Alarm alarm, Listener& listener) {
  ++alarms_;
  listener.on_alarm(alarm);
}

Json Watcher::summary() const {
  Json rates = Json::object();
  for (std::size_t i = 0; i < kRates; ++i) {
    if (totals_[i].known == 0) continue;
    Json& rate = rates[std::string(kRateNames[i])] = {{"yes", totals_[i].yes}, {"of", totals_[i].known}};
    rate["limit"] = tests_[i].is_watched() ? Json(tests_[i].limit()) : Json();
  }
  Json json = {{"records", records_},
               {"broken", broken_},
               {"windows", windows_},
               {"waiting", window_.records},
               {"reference", reference_ ? Json(reference_->records) : Json()},
               {"rates", std::move(rates)},
               {"groups", groups_.report()},
               {"alarms", alarms_}};
  if (const auto& quality = reader_.checks().quality())
    json["offensive_classifier"] = {{"roc_area", quality->roc_area},
                                    {"low", quality->interval.low},
                                    {"high", quality->interval.high},
                                    {"texts", quality->texts},
                                    {"offensive", quality->positives}};
  return json;
}

}  // namespace pegbox::watch
