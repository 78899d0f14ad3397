// For tests of the watch: a watch file as JSON, logs of made records, and a listener that keeps what it hears.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/rng.h"
#include "watch/watcher.h"

namespace pegbox::watch {

inline Result<WatchConfig> config_of(const std::string& json, const Path& folder) {
  PEGBOX_TRY(const Document document, parse_document(json, "watch.json"));
  return WatchConfig::read(document, folder, (folder / "state.json").string());
}

/// Record `i` of a log whose later records may be others.
struct LogShape {
  double bad_share = 0.1;      ///< of ratings
  double refund_share = 0.02;  ///< of prompts with the word refund
  double score_shift = 0;      ///< added to scores, which are normal
};

inline std::string record_line(const LogShape& shape, std::uint64_t i) {
  Rng rng({.stream = stream_id("log"), .trial = i});
  std::string prompt = rng.uniform() < shape.refund_share ? "a refund please" : "a question";
  const std::uint64_t words = 3 + rng.below(8);
  for (std::uint64_t word = 0; word < words; ++word) prompt += fmt::format(" w{}", rng.below(50));
  const double score = rng.normal() + shape.score_shift;
  const bool is_bad = rng.uniform() < shape.bad_share;
  return fmt::format(R"({{"prompt": "{}", "output": "answer w{}", "judge": {}, "rating": {}, "model": "{}"}})", prompt,
                     rng.below(9), score, is_bad ? 0 : 1, rng.below(3) == 0 ? "a" : "b") +
         "\n";
}

struct HeardListener final : Listener {
  void on_note(const std::string& note) override { notes.push_back(note); }
  void on_broken(const std::string& message) override { broken.push_back(message); }
  void on_window(const WindowReport& report) override { windows.push_back(report); }
  void on_alarm(const Alarm& alarm) override { alarms.push_back(alarm); }

  std::vector<std::string> notes, broken;
  std::vector<WindowReport> windows;
  std::vector<Alarm> alarms;
};

class WatchTest : public testing::Test {
 protected:
  Path folder() const { return folder_.path(); }
  void append(const std::string& bytes, const std::string& name = "log.jsonl") const {
    std::ofstream(folder() / name, std::ios::app) << bytes;
  }
  void append_records(const LogShape& shape, std::uint64_t count) {
    std::string bytes;
    for (std::uint64_t i = 0; i < count; ++i) bytes += record_line(shape, next_++);
    append(bytes);
  }
  WatchConfig config(const std::string& more = "") const {
    const auto read =
        config_of(R"({"logs": "log.jsonl", "scores": "judge", "groups": "model", "reference": {"records": 400},
                                    "window": 400)" +
                      (more.empty() ? "" : ", " + more) + "}",
                  folder());
    EXPECT_TRUE(read) << read.error().message;
    return *read;
  }
  /// One run over what is there.
  Result<void> run(const WatchConfig& config, HeardListener& heard, Json* summary = nullptr) const {
    PEGBOX_TRY(auto watcher, Watcher::open(config, heard));
    const std::atomic<bool> never = false;
    PEGBOX_CHECK(watcher.read(heard, true, never));
    if (summary) *summary = watcher.summary();
    return {};
  }

 private:
  TemporaryFolder folder_ = *TemporaryFolder::create("pegbox-watch");
  std::uint64_t next_ = 0;
};

}  // namespace pegbox::watch
