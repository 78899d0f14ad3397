// What the tests of executors share: launches, collecting signals, and programs in Python to run.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "search/executor.h"

namespace pegbox {

/// Polls until `enough` or ten seconds are over; all signals so far. A failing poll ends it, with a test failure.
std::vector<Signal> collect(Executor& executor, const std::function<bool(const std::vector<Signal>&)>& enough);

/// Polls until the trial's leg is over, and gives the last signal.
Signal collect_end(Executor& executor, std::int64_t trial);

bool ends_leg(SignalKind kind);
std::int64_t count(const std::vector<Signal>& signals, SignalKind kind);

/// The steps that were measured. `Done` may repeat the last one.
std::vector<std::int64_t> steps_of(const std::vector<Signal>& signals, std::int64_t trial);

Launch launch_of(std::int64_t trial, Config config = {}, std::int64_t until = 0);

/// The next leg after `signal`.
Launch next_leg(const Launch& before, const Signal& signal, std::int64_t until = 0);

/// Writes a program into `folder` and gives the command that runs it.
Path write_program(const Path& folder, const std::string& name, const std::string& text);

/// A worker that speaks the protocol and obeys its trials' configurations; see the text.
extern const char kPythonWorker[];

/// A plain program with the same configurations, which keeps its checkpoint in PEGBOX_CHECKPOINT_DIR/state.
extern const char kPythonTrial[];

bool is_alive(int process_id);                              ///< exists and is no zombie
bool becomes_true(const std::function<bool()>& condition);  ///< within ten seconds

}  // namespace pegbox
