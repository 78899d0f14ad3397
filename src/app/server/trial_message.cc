// TrialMessage: what a worker elsewhere says of a trial.
#include "app/server/trial_message.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/message_fields.h"

namespace pegbox::server {
namespace {

/// A kind, and the members that its messages may have beside the lease.
struct Row {
  MessageKind kind;
  std::string_view name;
  std::vector<std::string_view> members;
};

const std::array<Row, 5>& rows() {
  static const std::array<Row, 5> table = {{
      {MessageKind::Report, "report", {"step", "metrics", "checkpoint"}},
      {MessageKind::Checkpoint, "checkpoint", {"step", "checkpoint"}},
      {MessageKind::Tell, "tell", {"metrics", "failed", "detail"}},
      {MessageKind::Return, "return", {"step", "checkpoint", "detail"}},
      {MessageKind::Renew, "renew", {}},
  }};
  return table;
}

const Row& row_of(MessageKind kind) { return *std::ranges::find(rows(), kind, &Row::kind); }

constexpr std::array<std::pair<Verdict, std::string_view>, 3> kVerdicts = {
    {{Verdict::Continue, "continue"}, {Verdict::Pause, "pause"}, {Verdict::Stop, "stop"}}};

constexpr std::size_t kLongestName = 64, kLongestCheckpoint = 500, kLongestDetail = 16384;

Result<std::string> text_at(const Node& body, std::string_view key, std::size_t longest) {
  PEGBOX_TRY(const Node node, body.at(key));
  PEGBOX_TRY(std::string text, node.string());
  if (text.size() > longest) return node.fail("too long", "at most " + std::to_string(longest) + " bytes");
  return text;
}

/// "s3://bucket/name": a scheme other than file comes first.
bool is_address(const std::string& name) {
  const auto mark = name.find("://");
  if (mark == std::string::npos || mark == 0 || name.starts_with("file:")) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-") == mark;
}

/// Other workers will open it: it must not lead them to a file of somebody else's choice.
Result<std::string> checkpoint_at(const Node& body) {
  PEGBOX_TRY(const Node node, body.at("checkpoint"));
  PEGBOX_TRY(std::string name, text_at(body, "checkpoint", kLongestCheckpoint));
  if (is_address(name)) return name;
  const std::filesystem::path path = name;
  const bool leads_out = path.is_absolute() || std::ranges::find(path, "..") != path.end();
  if (!leads_out && name.find('\0') == std::string::npos && name.find("://") == std::string::npos) return name;
  return node.fail("it leads out of the trial's folder", "a name below it, or an address such as s3://bucket/name");
}

Result<FailureKind> failure_at(const Node& body) {
  PEGBOX_TRY(const Node node, body.at("failed"));
  PEGBOX_TRY(const std::string name, node.string());
  if (const auto kind = failure_kind_of(name)) return *kind;
  return node.fail("no such kind of failure", "error, out-of-memory, diverged, infeasible, timeout, worker-lost");
}

Result<void> read_members(const Node& body, TrialMessage& message) {
  if (body.has("step")) PEGBOX_CHECK(count_at(body, "step").map([&](std::int64_t step) { message.step = step; }));
  if (body.has("metrics")) {
    PEGBOX_TRY(const Node metrics, body.at("metrics"));
    PEGBOX_TRY(message.metrics, read_metrics(metrics));
  }
  if (body.has("checkpoint")) {
    PEGBOX_TRY(message.checkpoint, checkpoint_at(body));
  }
  if (body.has("failed")) {
    PEGBOX_TRY(message.failure, failure_at(body));
  }
  if (body.has("detail")) {
    PEGBOX_TRY(message.detail, text_at(body, "detail", kLongestDetail));
  }
  return {};
}

Result<TrialMessage> read(MessageKind kind, std::int64_t trial, const Node& body, std::vector<std::string_view> known) {
  const Row& row = row_of(kind);
  known.push_back("lease");
  known.insert(known.end(), row.members.begin(), row.members.end());
  PEGBOX_CHECK(body.only(known));
  TrialMessage message{.kind = kind, .trial = trial};
  PEGBOX_TRY(message.lease, text_at(body, "lease", 2 * kLongestName + 1));
  PEGBOX_CHECK(read_members(body, message));
  if (kind == MessageKind::Report) {
    PEGBOX_CHECK(body.at("step"));
    PEGBOX_CHECK(body.at("metrics"));
  }
  if (kind == MessageKind::Checkpoint) {
    PEGBOX_CHECK(body.at("step"));
    PEGBOX_CHECK(body.at("checkpoint"));
  }
  return message;
}

}  // namespace

std::string_view name_of(MessageKind kind) { return row_of(kind).name; }

std::optional<MessageKind> message_kind_of(std::string_view name) {
  const auto found = std::ranges::find(rows(), name, &Row::name);
  return found == rows().end() ? std::nullopt : std::optional(found->kind);
}

std::vector<std::string_view> message_kinds() {
  std::vector<std::string_view> names;
  for (const Row& row : rows()) names.push_back(row.name);
  return names;
}

Result<TrialMessage> read_message(MessageKind kind, std::int64_t trial, const Node& body) {
  return read(kind, trial, body, {});
}

Result<TrialMessage> read_batch_entry(const Node& entry) {
  PEGBOX_TRY(const Node event, entry.at("event"));
  PEGBOX_TRY(const std::string name, event.string());
  const auto kind = message_kind_of(name);
  if (!kind) return event.fail("no such event", "report, checkpoint, tell, return, renew");
  PEGBOX_TRY(const std::int64_t trial, count_at(entry, "trial"));
  return read(*kind, trial, entry, {"event", "trial"});
}

Json to_json(const TrialMessage& message) {
  Json json = {{"event", name_of(message.kind)}, {"trial", message.trial}, {"lease", message.lease}};
  const auto has = [&](std::string_view member) {
    const auto& members = row_of(message.kind).members;
    return std::ranges::find(members, member) != members.end();
  };
  if (has("step")) json["step"] = message.step;
  if (has("metrics")) {
    json["metrics"] = Json::object();
    for (const auto& [name, value] : message.metrics) json["metrics"][name] = json_number(value);
  }
  if (has("checkpoint") && !message.checkpoint.empty()) json["checkpoint"] = message.checkpoint;
  if (message.failure) json["failed"] = pegbox::name_of(*message.failure);
  if (has("detail") && !message.detail.empty()) json["detail"] = message.detail.substr(0, kLongestDetail);
  return json;
}

std::string_view name_of(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)].second; }

Json to_json(const Standing& standing) {
  Json json = {{"verdict", name_of(standing.verdict)}};
  if (standing.verdict == Verdict::Continue) json["until"] = standing.until;
  if (standing.known) json["known"] = true;
  return json;
}

Result<Standing> read_standing(const Node& body) {
  Standing standing;
  PEGBOX_TRY(const Node verdict, body.at("verdict"));
  PEGBOX_TRY(const std::string name, verdict.string());
  const auto found = std::ranges::find(kVerdicts, name, &std::pair<Verdict, std::string_view>::second);
  if (found == kVerdicts.end()) return verdict.fail("no such verdict", "continue, pause, stop");
  standing.verdict = found->first;
  if (body.has("until")) PEGBOX_CHECK(count_at(body, "until").map([&](std::int64_t step) { standing.until = step; }));
  standing.known = body.has("known");
  return standing;
}

Result<std::string> read_name(const Node& body, std::string_view key, std::size_t longest) {
  PEGBOX_TRY(const Node node, body.at(key));
  PEGBOX_TRY(std::string name, node.string());
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  };
  if (!name.empty() && name.size() <= longest && std::ranges::all_of(name, is_allowed)) return name;
  return node.fail("not a name", "1 to " + std::to_string(longest) + " letters, digits, _ . and -");
}

}  // namespace pegbox::server
