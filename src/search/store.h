// Store: keeps the logs of studies, durably.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "search/event.h"

namespace pegbox {

/// A position in a store's writing; see `append` and `wait`.
using Ticket = std::uint64_t;

/// A wish from another process, carried out by whoever runs the study.
enum class Command : std::uint8_t { Pause, Stop, PauseTrial, StopTrial, ResumeTrial, Enqueue };
struct PostedCommand {
  Command command = Command::Pause;
  std::int64_t trial = -1;  ///< for PauseTrial, StopTrial and ResumeTrial
  Config config{};          ///< for Enqueue: what is wanted; the rest is drawn
};

/// What `list` needs without reading a log.
struct StudyEntry {
  std::string name;
  double created_unix_s = 0;
  std::uint64_t event_count = 0;
  std::int64_t id = 0;  ///< from 1; never given twice in a store, and less than 2^23
};

inline constexpr std::size_t kAllEvents = std::numeric_limits<std::size_t>::max();

/// Proof of being the one who runs a study; released when destroyed.
class StudyLease {
 public:
  virtual ~StudyLease() = default;
};

/// Threads: every function may be called from any thread. Readers in other processes never block a writer.
/// Durable means: fdatasync has returned, here or where the database server is, before `wait` does.
class Store {
 public:
  virtual ~Store() = default;

  /// A new study with no events. Conflict if the name is taken.
  virtual Result<void> create(const std::string& study) = 0;
  virtual Result<std::vector<StudyEntry>> list() = 0;  ///< damaged ones too: `read` finds out

  /// The study that has this name now: its id tells it from one that was removed. NotFound if there is none.
  virtual Result<StudyEntry> entry(const std::string& study) = 0;

  /// The events from index `from` on, at most `most`. NotFound for an unknown study; Corrupt, naming the event, for a
  /// damaged one.
  virtual Result<std::vector<Event>> read(const std::string& study, std::uint64_t from = 0,
                                          std::size_t most = kAllEvents) = 0;

  /// Hands events over, whose indices must be expected_length, expected_length + 1, ...; Conflict if the log has
  /// another length (somebody else wrote). They are durable once `wait(ticket)` has returned, at the latest 100 ms
  /// later. All events of one call become visible together or not at all.
  virtual Result<Ticket> append(const std::string& study, std::uint64_t expected_length,
                                std::span<const Event> events) = 0;
  virtual Result<void> wait(Ticket ticket) = 0;

  /// The exclusive right to run the study; Conflict, naming the holder, if another process has it.
  virtual Result<std::unique_ptr<StudyLease>> lease(const std::string& study) = 0;

  /// Whether a process runs the study now; asking disturbs nobody, and needs no right to write.
  virtual Result<bool> is_leased(const std::string& study) = 0;

  virtual Result<void> post(const std::string& study, const PostedCommand& command) = 0;
  virtual Result<std::vector<PostedCommand>> take_commands(const std::string& study) = 0;

  virtual Result<void> remove(const std::string& study) = 0;
  virtual Result<void> backup(const Path& target) = 0;  ///< a consistent copy, while others write
  virtual Result<void> compact() = 0;                   ///< gives space of removed studies back
};

}  // namespace pegbox
