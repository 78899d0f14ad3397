// WatchConfig: what a watch file says: which logs, what is in them, what is compared with what, and what is an alarm.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/file.h"
#include "base/result.h"
#include "text/safety_rule.h"
#include "watch/rate.h"

namespace pegbox::watch {

/// What the log calls our fields; "a.b" is the field b of the object a.
struct FieldNames {
  std::string prompt = "prompt", output = "output", rating = "rating", correction = "correction", time = "time";
};

/// What a window is compared with: the records of a file, or the first records of the logs.
struct Reference {
  std::string file;
  std::int64_t records = 1000;
};

struct PersonalDataRule {
  std::string method = "replace", secret_file;
};

struct DriftRule {
  double level = 0.05;                       ///< of tests, after the correction
  std::string correct = "holm";              ///< for several tests: a name of kCorrections
  std::int64_t words = 1000;                 ///< how many of the most frequent words are compared
  std::map<std::string, std::string> tests;  ///< column -> name of a test (drift.h)
  std::map<std::string, double> thresholds;  ///< column -> of its distance
};

struct RateRule {
  double level = 0.01;                               ///< the probability of ever being wrong, for each rate
  std::array<std::optional<double>, kRates> limits;  ///< nothing: what the reference makes plausible
};

/// Which ratings are good, and which bad.
struct FeedbackRule {
  double good = 1, bad = 0;  ///< at least, at most; true is 1, false 0
};

struct AlarmRule {
  std::vector<std::string> command;  ///< a program and its arguments; the alarm comes on its standard input
  double timeout_s = 60;
};

struct WatchConfig {
  std::vector<std::string> logs;
  std::vector<std::string> log_names;  ///< as the file has them, wherever it is called from
  std::string state;                   ///< a file
  FieldNames fields;
  std::vector<std::string> scores, groups;  ///< fields with numbers; fields with a name or number of few values
  Reference reference;
  std::int64_t window = 1000;
  bool skips_broken = false;
  PersonalDataRule personal_data;
  DriftRule drift;
  RateRule rates;
  text::SafetyRule safety;
  FeedbackRule feedback;
  AlarmRule alarm;
  /// The sections that a stored state depends on, as they stand in the file: with others it cannot be gone on with.
  Json identity;

  /// Reads a watch file's document; paths in it are relative to `folder`. `state` is `default_state` where the file
  /// does not say. InvalidInput, with the line, for unknown names, wrong types, what is missing or contradicts itself.
  static Result<WatchConfig> read(const Document& document, const Path& folder, const std::string& default_state);
};

}  // namespace pegbox::watch
