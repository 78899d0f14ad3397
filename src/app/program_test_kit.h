// For end-to-end tests: runs the built program in a folder of its own, as a person or another program would.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/subprocess.h"

namespace pegbox {

struct ProgramRun {
  int code = -1;
  std::string out, err;
};

/// Waits for its end, at most `most_s`, and takes all that it writes.
inline ProgramRun run_to_end(Subprocess& child, double most_s) {
  const auto read_all = [](int descriptor, std::string& text) {
    char buffer[4096];
    for (ssize_t count; (count = ::read(descriptor, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(count));
  };
  ProgramRun run;
  const SystemClock clock;
  const double until_s = clock.now_s() + most_s;
  while (clock.now_s() < until_s) {
    wait_readable({child.output(), child.error_output()}, std::chrono::milliseconds(20));
    const auto status = child.poll();
    read_all(child.output(), run.out);
    read_all(child.error_output(), run.err);
    if (!status) continue;
    run.code = status->code;
    return run;
  }
  ADD_FAILURE() << "it did not end\n" << run.out << run.err;
  return run;
}

/// A folder with a store, and the program at work in it.
class ProgramTest : public testing::Test {
 protected:
  ProgramTest() : folder_(*TemporaryFolder::create("pegbox-program")) {}

  const Path& folder() const { return folder_.path(); }

  void write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(replace_file(folder() / name, text)) << name;
  }

  std::unique_ptr<Subprocess> start(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), PEGBOX_PROGRAM);
    auto started = Subprocess::start({.arguments = std::move(arguments),
                                      .environment = {{"NO_COLOR", "1"}, {"PEGBOX_STORE", ""}},
                                      .folder = folder()});
    EXPECT_TRUE(started) << started.error().message;
    return std::move(*started);
  }

  static ProgramRun finish(Subprocess& child, double most_s = 60) { return run_to_end(child, most_s); }

  ProgramRun pegbox(std::vector<std::string> arguments) const {
    const auto child = start(std::move(arguments));
    return finish(*child);
  }

  /// The JSON that a command prints; fails the test if it prints none.
  Json json_of(std::vector<std::string> arguments) const {
    const ProgramRun run = pegbox(std::move(arguments));
    EXPECT_EQ(run.code, 0) << run.err;
    const auto json = parse_json(run.out, "output");
    EXPECT_TRUE(json) << json.error().message << "\n" << run.out;
    return json ? *json : Json();
  }

  std::int64_t count_of(const std::string& study, const std::string& state) const {
    for (const Json& entry : json_of({"list", "--json"}))
      if (entry["name"] == study) return entry["trials"][state].get<std::int64_t>();
    return 0;
  }

  /// Polls until `holds`, at most 30 s.
  static bool wait_until(const std::function<bool()>& holds) {
    const SystemClock clock;
    for (const double until_s = clock.now_s() + 30; clock.now_s() < until_s;) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  /// Waits until so many trials of the study are done.
  bool wait_for_done(const std::string& study, std::int64_t count) const {
    return wait_until([&] {
      std::error_code ignored;
      return std::filesystem::exists(folder() / "pegbox.db", ignored) && count_of(study, "done") >= count;
    });
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace pegbox
