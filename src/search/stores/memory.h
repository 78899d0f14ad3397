// MemoryStore: studies in this process's memory, gone with it. For tests and for studies that nobody will ask for.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "search/store.h"

namespace pegbox {

/// What is appended is visible at once; nothing is ever durable. `backup` is Unsupported.
class MemoryStore final : public Store {
 public:
  Result<void> create(const std::string& study) override;
  Result<std::vector<StudyEntry>> list() override;
  Result<StudyEntry> entry(const std::string& study) override;
  Result<std::vector<Event>> read(const std::string& study, std::uint64_t from, std::size_t most) override;
  Result<Ticket> append(const std::string& study, std::uint64_t expected_length,
                        std::span<const Event> events) override;
  Result<void> wait(Ticket) override { return {}; }
  Result<std::unique_ptr<StudyLease>> lease(const std::string& study) override;
  Result<bool> is_leased(const std::string& study) override;
  Result<void> post(const std::string& study, const PostedCommand& command) override;
  Result<std::vector<PostedCommand>> take_commands(const std::string& study) override;
  Result<void> remove(const std::string& study) override;
  Result<void> backup(const Path& target) override;
  Result<void> compact() override { return {}; }

 private:
  struct Log {
    std::int64_t id = 0;
    double created_unix_s = 0;
    std::vector<Event> events;
    std::vector<PostedCommand> commands;
  };
  class Lease;
  /// Who holds which lease; shared with the leases, which may outlive the store.
  struct Holders {
    std::mutex mutex;
    std::set<std::string> studies;
  };

  Result<Log*> find(const std::string& study);

  std::mutex mutex_;
  std::map<std::string, Log> studies_;
  std::int64_t created_ = 0;  // so many studies, removed ones included
  std::shared_ptr<Holders> holders_ = std::make_shared<Holders>();
};

}  // namespace pegbox
