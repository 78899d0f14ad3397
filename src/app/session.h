// Session: what a running command has at hand: the console, the common options, the store, the interrupt flag.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "app/common_options.h"
#include "app/console.h"
#include "app/help_text.h"
#include "app/store_place.h"
#include "search/stores/table.h"
#include "search/study.h"

namespace pegbox {

/// A study of the store, to be looked at.
struct OpenStudy {
  std::string name;
  std::unique_ptr<Store> store;
  std::unique_ptr<Study> study;
  bool is_running = false;  ///< by a process, now
};

class Session {
 public:
  Session(const CommonOptions& options, Console& console, const Subcommands& commands,
          const std::atomic<bool>& interrupted)
      : options_(options), console_(console), commands_(commands), interrupted_(interrupted) {}

  Console& console() { return console_; }
  const Subcommands& commands() const { return commands_; }
  const std::atomic<bool>& interrupted() const { return interrupted_; }
  bool wants_json() const { return options_.json; }
  bool verbose() const { return options_.verbose; }

  /// Prints one JSON value as a result: one line for programs, indented for a person at a terminal.
  void print_json(const Json& json);

  Result<StorePlace> place() const { return StorePlace::choose(options_.store); }

  /// The store as it is; NotFound, with what to do, if there is none yet.
  Result<std::unique_ptr<Store>> open_store(OpenMode mode = OpenMode::ReadOnly) const;
  /// The same for a command that starts a study: makes the store if there is none.
  Result<std::unique_ptr<Store>> create_store() const;
  /// The study that `given` names, as choose_study says.
  Result<OpenStudy> open_study(const std::string& given) const;

 private:
  const CommonOptions& options_;
  Console& console_;
  const Subcommands& commands_;
  const std::atomic<bool>& interrupted_;
};

/// The studies of the store; one without a first event, whose creation was never finished, is none.
Result<std::vector<StudyEntry>> list_studies(Store& store);

/// The study's name: the one given, or, if none is, that of the only study in the store. NotFound with the nearest
/// name.
Result<std::string> choose_study(Store& store, const std::string& given);

/// `number` names a trial of the study; NotFound, with the numbers there are, if not.
Result<void> check_trial(const History& history, std::int64_t number);
/// The same, and the trial has not ended.
Result<void> check_trial_goes_on(Store& store, const std::string& study, std::int64_t number);
inline constexpr std::int64_t kNoTrial = std::numeric_limits<std::int64_t>::min();  ///< no number was given

}  // namespace pegbox
