// The trial protocol, version 1: the messages between a host (the search) and its workers (trainers), as plain values.
//
// Newline-delimited JSON in both directions; docs/protocol.md is the public contract. The search and the trainer share
// nothing but this file. Unknown fields are ignored, unknown messages are refused by name, a line is at most 1 MiB.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/json.h"
#include "base/result.h"

namespace pegbox {

inline constexpr int kProtocolVersion = 1;
inline constexpr std::size_t kMaxLineBytes = 1 << 20;

/// Metric name -> value. "tokens" counts training tokens consumed by the trial so far.
using Metrics = std::map<std::string, double>;

enum class FailureKind : std::uint8_t { Error, OutOfMemory, Diverged, Infeasible, Timeout, WorkerLost };
std::string_view name_of(FailureKind kind);  ///< "error", "out-of-memory", "diverged", ...
std::optional<FailureKind> failure_kind_of(std::string_view name);

namespace message {

// host -> worker
struct Describe {
  std::int64_t id = 0;
};
struct Resume {
  std::int64_t trial = 0;
  std::string checkpoint;
};
struct Start {
  std::int64_t trial = 0;
  std::uint64_t seed = 0;
  Json config = Json::object();
  std::int64_t until = 0;  ///< step at which to stop and wait; 0: run to the end
  std::optional<Resume> resume;
};
struct Go {
  std::int64_t trial = 0;
  std::int64_t until = 0;
};
struct Stop {
  std::int64_t trial = 0;
};
struct Pause {
  std::int64_t trial = 0;
};
struct Release {
  std::int64_t trial = 0;
};  ///< forget the trial's snapshot
struct Quit {};

// worker -> host
struct Ready {
  int protocol = kProtocolVersion;
  int slots = 1;
  bool describes = false;
};
struct Described {
  std::int64_t id = 0;
  Json values = Json::object();
  std::map<std::string, std::string> limits;
};
struct Report {
  std::int64_t trial = 0;
  std::int64_t step = 0;
  Metrics metrics;
};
struct Checkpoint {
  std::int64_t trial = 0;
  std::int64_t step = 0;
  std::string name;
};
struct Reached {
  std::int64_t trial = 0;
  std::int64_t step = 0;
  Metrics metrics;
  std::string checkpoint;
};
struct Paused {
  std::int64_t trial = 0;
  std::int64_t step = 0;
  std::string checkpoint;
};  ///< the answer to Pause
struct Done {
  std::int64_t trial = 0;
  std::int64_t step = 0;
  Metrics metrics;
};
struct Stopped {
  std::int64_t trial = 0;
};
struct Failed {
  std::int64_t trial = 0;
  FailureKind kind = FailureKind::Error;
  std::string detail;
};
struct Alive {};

}  // namespace message

using HostMessage = std::variant<message::Describe, message::Start, message::Go, message::Stop, message::Pause,
                                 message::Release, message::Quit>;
using WorkerMessage =
    std::variant<message::Ready, message::Described, message::Report, message::Checkpoint, message::Reached,
                 message::Paused, message::Done, message::Stopped, message::Failed, message::Alive>;

std::string encode(const HostMessage& message);  ///< one line, with its newline
std::string encode(const WorkerMessage& message);
Result<HostMessage> decode_host(std::string_view line);
Result<WorkerMessage> decode_worker(std::string_view line);

}  // namespace pegbox
