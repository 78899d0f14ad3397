// TrialMessage: what a worker elsewhere says of a trial: one event of the protocol, under the lease that it is held by.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/protocol.h"
#include "search/scheduler.h"

namespace pegbox::server {

enum class MessageKind : std::uint8_t {
  Report,      ///< a measurement, judged where it reaches the trial's `until`
  Checkpoint,  ///< a snapshot on the way
  Tell,        ///< the end: done, or failed
  Return,      ///< back to the queue: whoever had it leaves
  Renew,       ///< nothing new, but alive
};
std::string_view name_of(MessageKind kind);  ///< "report", ...
std::optional<MessageKind> message_kind_of(std::string_view name);
std::vector<std::string_view> message_kinds();

struct TrialMessage {
  MessageKind kind = MessageKind::Renew;
  std::int64_t trial = 0;
  std::string lease;  ///< "WORKER/TICKET", as the answer to `ask` gave it
  std::int64_t step = 0;
  Metrics metrics;
  std::string checkpoint;              ///< a name below the trial's folder, or an address; empty: none
  std::optional<FailureKind> failure;  ///< Tell: it failed
  std::string detail;
};

/// Reads the members that a message of this kind has, and refuses others. InvalidInput, naming the member: a negative
/// step, metrics that are not numbers, a checkpoint name that leads out of the trial's folder.
Result<TrialMessage> read_message(MessageKind kind, std::int64_t trial, const Node& body);
/// The same for an entry of a batch: with its `event` (the kind's name) and its `trial`.
Result<TrialMessage> read_batch_entry(const Node& entry);
Json to_json(const TrialMessage& message);  ///< as an entry of a batch

/// How a trial stands after a message.
struct Standing {
  Verdict verdict = Verdict::Continue;
  std::int64_t until = 0;  ///< Continue: where it is judged next; 0: nowhere, it runs to its end
  bool known = false;      ///< the message had been counted before, and changed nothing
};
Json to_json(const Standing& standing);
Result<Standing> read_standing(const Node& body);
std::string_view name_of(Verdict verdict);  ///< "continue", "pause", "stop"

/// A name of at least one and at most `longest` letters, digits and _ . -: of a worker, a ticket, a study.
Result<std::string> read_name(const Node& body, std::string_view key, std::size_t longest = 64);

}  // namespace pegbox::server
