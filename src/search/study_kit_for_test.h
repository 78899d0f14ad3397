// A kit for tests of whole studies: a small study, a store whose disk fails on demand.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "search/store.h"
#include "search/stores/table.h"
#include "search/study_spec.h"

namespace pegbox {

/// A store whose disk fails on demand, and that counts. Nothing of a failed batch is kept.
class FailingStore final : public Store {
 public:
  explicit FailingStore(Store& store) : store_(store) {}
  std::atomic<int> commits = 0, waits = 0;
  int fails_at = -1;                       ///< the commit before which the disk is gone
  std::atomic<bool> append_fails = false;  ///< before anything is handed over
  std::atomic<bool> wait_fails = false;    ///< while it is made durable
  std::atomic<bool> commands_fail = false;

  Result<void> create(const std::string& study) override { return store_.create(study); }
  Result<std::vector<StudyEntry>> list() override { return store_.list(); }
  Result<StudyEntry> entry(const std::string& study) override { return store_.entry(study); }
  Result<std::vector<Event>> read(const std::string& study, std::uint64_t from, std::size_t most) override {
    return store_.read(study, from, most);
  }
  Result<Ticket> append(const std::string& study, std::uint64_t length, std::span<const Event> events) override {
    if (++commits == fails_at || append_fails) return fail(ErrorKind::Io, {.what = "the disk is gone"});
    return store_.append(study, length, events);
  }
  Result<void> wait(Ticket ticket) override {
    ++waits;
    if (wait_fails) return fail(ErrorKind::Io, {.what = "the disk is full"});
    return store_.wait(ticket);
  }
  Result<std::unique_ptr<StudyLease>> lease(const std::string& study) override { return store_.lease(study); }
  Result<bool> is_leased(const std::string& study) override { return store_.is_leased(study); }
  Result<void> post(const std::string& study, const PostedCommand& command) override {
    return store_.post(study, command);
  }
  Result<std::vector<PostedCommand>> take_commands(const std::string& study) override {
    if (commands_fail) return fail(ErrorKind::Io, {.what = "the server is away"});
    return store_.take_commands(study);
  }
  Result<void> remove(const std::string& study) override { return store_.remove(study); }
  Result<void> backup(const Path& target) override { return store_.backup(target); }
  Result<void> compact() override { return store_.compact(); }

 private:
  Store& store_;
};

/// 20 trials of 27 steps of one parameter, at random, with a third going on at each rung. `changes` replace keys of the
/// study file; null takes one away.
inline StudySpec small_study(const Json& changes = Json::object()) {
  Document document;
  document.name = "study.yaml";
  document.json = {{"name", "s"},
                   {"space", {{"x", {{"range", {0, 10}}}}}},
                   {"objective", {{"minimize", "loss"}}},
                   {"budget", {{"trials", 20}}},
                   {"search", "random"},
                   {"stop", {{"name", "asha"}, {"reduction", 3}}},
                   {"steps", 27},
                   {"seed", 3}};
  document.json.update(changes);
  if (document.json["steps"].is_null()) document.json.erase("steps");
  auto spec = StudySpec::read(document);
  EXPECT_TRUE(spec) << (spec ? "" : spec.error().message);
  return *spec;
}

inline std::unique_ptr<Store> memory_store() { return *open_store("memory:"); }

}  // namespace pegbox
