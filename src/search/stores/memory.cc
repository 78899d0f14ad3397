// MemoryStore: one mutex around a map of logs.
#include "search/stores/memory.h"

#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/clock.h"
#include "search/stores/append_check.h"

namespace pegbox {

class MemoryStore::Lease final : public StudyLease {
 public:
  Lease(std::shared_ptr<Holders> holders, std::string study) : holders_(std::move(holders)), study_(std::move(study)) {}
  ~Lease() override {
    const std::lock_guard lock(holders_->mutex);
    holders_->studies.erase(study_);
  }

 private:
  std::shared_ptr<Holders> holders_;
  std::string study_;
};

Result<MemoryStore::Log*> MemoryStore::find(const std::string& study) {
  const auto found = studies_.find(study);
  if (found == studies_.end())
    return fail(ErrorKind::NotFound, {.where = "memory:", .what = "no such study", .got = study});
  return &found->second;
}

Result<void> MemoryStore::create(const std::string& study) {
  const std::lock_guard lock(mutex_);
  Log log{.id = created_ + 1, .created_unix_s = unix_time_s(), .events = {}, .commands = {}};
  if (!studies_.try_emplace(study, std::move(log)).second)
    return fail(ErrorKind::Conflict, {.where = "memory:", .what = "a study of this name exists", .got = study});
  ++created_;
  return {};
}

Result<std::vector<StudyEntry>> MemoryStore::list() {
  const std::lock_guard lock(mutex_);
  std::vector<StudyEntry> entries;
  for (const auto& [name, log] : studies_) entries.push_back({name, log.created_unix_s, log.events.size(), log.id});
  return entries;
}

Result<StudyEntry> MemoryStore::entry(const std::string& study) {
  const std::lock_guard lock(mutex_);
  PEGBOX_TRY(const Log* log, find(study));
  return StudyEntry{study, log->created_unix_s, log->events.size(), log->id};
}

Result<std::vector<Event>> MemoryStore::read(const std::string& study, std::uint64_t from, std::size_t most) {
  const std::lock_guard lock(mutex_);
  PEGBOX_TRY(const Log* log, find(study));
  if (from >= log->events.size()) return std::vector<Event>{};
  const auto rest = std::span<const Event>(log->events).subspan(from);
  const auto wanted = rest.first(std::min(most, rest.size()));
  return std::vector<Event>(wanted.begin(), wanted.end());
}

Result<Ticket> MemoryStore::append(const std::string& study, std::uint64_t expected_length,
                                   std::span<const Event> events) {
  const std::lock_guard lock(mutex_);
  PEGBOX_TRY(Log * log, find(study));
  PEGBOX_CHECK(check_append("memory:", study, log->events.size(), expected_length, events));
  log->events.insert(log->events.end(), events.begin(), events.end());
  return Ticket{0};
}

Result<std::unique_ptr<StudyLease>> MemoryStore::lease(const std::string& study) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(find(study));
  const std::lock_guard holders_lock(holders_->mutex);
  if (!holders_->studies.insert(study).second)
    return fail(ErrorKind::Conflict,
                {.where = study, .what = "the study is run by process " + std::to_string(::getpid())});
  return std::make_unique<Lease>(holders_, study);
}

Result<bool> MemoryStore::is_leased(const std::string& study) {
  const std::lock_guard lock(holders_->mutex);
  return holders_->studies.contains(study);
}

Result<void> MemoryStore::post(const std::string& study, const PostedCommand& command) {
  const std::lock_guard lock(mutex_);
  PEGBOX_TRY(Log * log, find(study));
  log->commands.push_back(command);
  return {};
}

Result<std::vector<PostedCommand>> MemoryStore::take_commands(const std::string& study) {
  const std::lock_guard lock(mutex_);
  PEGBOX_TRY(Log * log, find(study));
  return std::exchange(log->commands, {});
}

Result<void> MemoryStore::remove(const std::string& study) {
  PEGBOX_TRY(const auto lease, this->lease(study));
  const std::lock_guard lock(mutex_);
  studies_.erase(study);
  return {};
}

Result<void> MemoryStore::backup(const Path&) {
  return fail(ErrorKind::Unsupported,
              {.where = "memory:", .what = "a memory store cannot be backed up", .hint = "use sqlite:FILE"});
}

}  // namespace pegbox
