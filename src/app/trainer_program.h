// TrainerProgram: pegbox-trainer, which holds libtorch and does what needs a model.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/exit_code.h"
#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox {

/// Where the trainer's standard output goes.
enum class TrainerOutput : std::uint8_t {
  Result,    ///< to stdout, as it is
  Progress,  ///< to stderr, with the rest that is no result
};

/// The names of everything that a verb of the trainer may find in its config.
struct TrainerFields {
  std::vector<std::string> all;
  std::vector<std::string> run;  ///< those of one run, which a search may vary; the rest is the same for all trials
};

class TrainerProgram {
 public:
  /// $PEGBOX_TRAINER, else beside this program, else in PATH. NotFound, with what to do, if it is nowhere.
  static Result<TrainerProgram> find();

  const Path& path() const { return path_; }
  Result<std::string> version() const;  ///< what `pegbox-trainer --version` says, in one line

  Result<TrainerFields> fields(const std::string& verb) const;
  Result<Json> field_rows() const;  ///< what `pegbox-trainer fields` prints

  /// Runs `pegbox-trainer VERB --config FILE` with `config` in the file and passes its output through; an interrupt is
  /// passed on once. The trainer's own exit code; what it says of an error is seen even where the console is quiet.
  /// `called`: what its messages call the config. `meanwhile` is called again and again while it runs.
  Result<ExitCode> run(const std::string& verb, const Json& config, Console& console,
                       const std::atomic<bool>& interrupted, TrainerOutput output = TrainerOutput::Result,
                       const std::string& called = "command line", const std::function<void()>& meanwhile = {}) const;

  /// The same for a verb that prints one JSON value, which is returned. An error carries what the trainer said.
  Result<Json> ask(const std::string& verb, const Json& config, const std::string& called = "trial.trainer") const;

 private:
  explicit TrainerProgram(Path path) : path_(std::move(path)) {}
  Path path_;
};

}  // namespace pegbox
