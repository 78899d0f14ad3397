// Protocol: each message has one function that writes its body and one that reads it; two tables name them.
#include "base/protocol.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <span>
#include <vector>

#include "base/document.h"
#include "base/message_fields.h"

namespace pegbox {

namespace {

using namespace message;

constexpr std::array<std::pair<FailureKind, std::string_view>, 6> kFailureNames{
    {{FailureKind::Error, "error"},
     {FailureKind::OutOfMemory, "out-of-memory"},
     {FailureKind::Diverged, "diverged"},
     {FailureKind::Infeasible, "infeasible"},
     {FailureKind::Timeout, "timeout"},
     {FailureKind::WorkerLost, "worker-lost"}}};

// Writing.

Json json_of(const Metrics& metrics) {
  Json json = Json::object();
  for (const auto& [name, value] : metrics) json[name] = json_number(value);
  return json;
}

Json json_of(const std::optional<Resume>& resume) {
  if (!resume) return nullptr;
  return {{"trial", resume->trial}, {"checkpoint", resume->checkpoint}};
}

Json named(std::string_view name, Json body) {
  Json json = Json::object();
  json[std::string(name)] = std::move(body);
  return json;
}

Json json_of(const Describe& m) { return named("describe", {{"id", m.id}}); }
Json json_of(const Start& m) {
  return named(
      "start",
      {{"trial", m.trial}, {"seed", m.seed}, {"config", m.config}, {"until", m.until}, {"resume", json_of(m.resume)}});
}
Json json_of(const Go& m) { return named("go", {{"trial", m.trial}, {"until", m.until}}); }
Json json_of(const Stop& m) { return named("stop", {{"trial", m.trial}}); }
Json json_of(const Pause& m) { return named("pause", {{"trial", m.trial}}); }
Json json_of(const Release& m) { return named("release", {{"trial", m.trial}}); }
Json json_of(const Quit&) { return named("quit", Json::object()); }

Json json_of(const Ready& m) {
  return named("ready", {{"protocol", m.protocol}, {"slots", m.slots}, {"describes", m.describes}});
}
Json json_of(const Described& m) {
  Json limits = Json::object();
  for (const auto& [name, expression] : m.limits) limits[name] = expression;
  return named("described", {{"id", m.id}, {"values", m.values}, {"limits", std::move(limits)}});
}
Json json_of(const Report& m) {
  return named("report", {{"trial", m.trial}, {"step", m.step}, {"metrics", json_of(m.metrics)}});
}
Json json_of(const Checkpoint& m) {
  return named("checkpoint", {{"trial", m.trial}, {"step", m.step}, {"name", m.name}});
}
Json json_of(const Reached& m) {
  return named("reached",
               {{"trial", m.trial}, {"step", m.step}, {"metrics", json_of(m.metrics)}, {"checkpoint", m.checkpoint}});
}
Json json_of(const Paused& m) {
  return named("paused", {{"trial", m.trial}, {"step", m.step}, {"checkpoint", m.checkpoint}});
}
Json json_of(const Done& m) {
  return named("done", {{"trial", m.trial}, {"step", m.step}, {"metrics", json_of(m.metrics)}});
}
Json json_of(const Stopped& m) { return named("stopped", {{"trial", m.trial}}); }
Json json_of(const Failed& m) {
  return named("failed", {{"trial", m.trial}, {"kind", name_of(m.kind)}, {"detail", m.detail}});
}
Json json_of(const Alive&) { return named("alive", Json::object()); }

// Reading. `..._or` is for fields that may be absent.

Result<std::int64_t> count_or(const Node& body, std::string_view key, std::int64_t fallback) {
  return body.has(key) ? count_at(body, key) : fallback;
}

Result<int> small_count_at(const Node& body, std::string_view key) {
  PEGBOX_TRY(const std::int64_t value, count_at(body, key));
  PEGBOX_TRY(const Node node, body.at(key));
  if (value > std::numeric_limits<int>::max()) return node.fail("too large", "an integer below 2^31");
  return static_cast<int>(value);
}

Result<std::uint64_t> seed_at(const Node& body, std::string_view key) {
  PEGBOX_TRY(const Node node, body.at(key));
  if (node.json().is_number_unsigned()) return node.json().get<std::uint64_t>();
  PEGBOX_TRY(const std::int64_t value, count_at(body, key));
  return static_cast<std::uint64_t>(value);
}

Result<std::string> text_at(const Node& body, std::string_view key) {
  PEGBOX_TRY(const Node node, body.at(key));
  return node.string();
}

Result<std::string> text_or(const Node& body, std::string_view key, std::string_view fallback) {
  return body.has(key) ? text_at(body, key) : std::string(fallback);
}

Result<Json> object_at(const Node& body, std::string_view key) {
  PEGBOX_TRY(const Node node, body.at(key));
  if (!node.is_object()) return node.fail("not an object", "an object");
  return node.json();
}

Result<Metrics> metrics_at(const Node& body) {
  PEGBOX_TRY(const Node node, body.at("metrics"));
  return read_metrics(node);
}

Result<std::optional<Resume>> resume_of(const Node& body) {
  if (!body.has("resume")) return std::nullopt;
  PEGBOX_TRY(const Node node, body.at("resume"));
  if (node.is_null()) return std::nullopt;
  Resume resume;
  PEGBOX_TRY(resume.trial, count_at(node, "trial"));
  PEGBOX_TRY(resume.checkpoint, text_at(node, "checkpoint"));
  return resume;
}

Result<HostMessage> read_describe(const Node& body) {
  Describe m;
  PEGBOX_TRY(m.id, count_at(body, "id"));
  return m;
}
Result<HostMessage> read_start(const Node& body) {
  Start m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(m.seed, seed_at(body, "seed"));
  PEGBOX_TRY(m.config, object_at(body, "config"));
  PEGBOX_TRY(m.until, count_or(body, "until", 0));
  PEGBOX_TRY(m.resume, resume_of(body));
  return m;
}
Result<HostMessage> read_go(const Node& body) {
  Go m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(m.until, count_or(body, "until", 0));
  return m;
}
template <class AnyMessage, class Message>
Result<AnyMessage> read_trial_only(const Node& body) {
  Message m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  return m;
}
template <class AnyMessage, class Message>
Result<AnyMessage> read_nothing(const Node&) {
  return Message{};
}

Result<WorkerMessage> read_ready(const Node& body) {
  Ready m;
  PEGBOX_TRY(m.protocol, small_count_at(body, "protocol"));
  PEGBOX_TRY(m.slots, small_count_at(body, "slots"));
  if (!body.has("describes")) return m;
  PEGBOX_TRY(const Node describes, body.at("describes"));
  PEGBOX_TRY(m.describes, describes.boolean());
  return m;
}
Result<WorkerMessage> read_described(const Node& body) {
  Described m;
  PEGBOX_TRY(m.id, count_at(body, "id"));
  PEGBOX_TRY(m.values, object_at(body, "values"));
  if (!body.has("limits")) return m;
  PEGBOX_TRY(const Node limits, body.at("limits"));
  if (!limits.is_object()) return limits.fail("not an object", "names with expressions");
  for (const auto& [name, expression] : limits.members()) {
    PEGBOX_TRY(m.limits[name], expression.string());
  }
  return m;
}
Result<WorkerMessage> read_report(const Node& body) {
  Report m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(m.step, count_at(body, "step"));
  PEGBOX_TRY(m.metrics, metrics_at(body));
  return m;
}
Result<WorkerMessage> read_checkpoint(const Node& body) {
  Checkpoint m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(m.step, count_at(body, "step"));
  PEGBOX_TRY(m.name, text_at(body, "name"));
  return m;
}
Result<WorkerMessage> read_reached(const Node& body) {
  Reached m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(m.step, count_at(body, "step"));
  PEGBOX_TRY(m.metrics, metrics_at(body));
  PEGBOX_TRY(m.checkpoint, text_or(body, "checkpoint", ""));
  return m;
}
Result<WorkerMessage> read_paused(const Node& body) {
  Paused m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(m.step, count_at(body, "step"));
  PEGBOX_TRY(m.checkpoint, text_or(body, "checkpoint", ""));
  return m;
}
Result<WorkerMessage> read_done(const Node& body) {
  Done m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(m.step, count_or(body, "step", 0));
  PEGBOX_TRY(m.metrics, metrics_at(body));
  return m;
}
Result<WorkerMessage> read_failed(const Node& body) {
  Failed m;
  PEGBOX_TRY(m.trial, count_at(body, "trial"));
  PEGBOX_TRY(const Node kind_node, body.at("kind"));
  PEGBOX_TRY(const std::string name, kind_node.string());
  const auto kind = failure_kind_of(name);
  if (!kind) {
    std::vector<std::string_view> names;
    for (const auto& [known, known_name] : kFailureNames) names.push_back(known_name);
    return kind_node.fail("unknown kind of failure", fmt::format("one of {}", fmt::join(names, ", ")));
  }
  m.kind = *kind;
  PEGBOX_TRY(m.detail, text_or(body, "detail", ""));
  return m;
}

template <class AnyMessage>
struct Row {
  std::string_view name;
  Result<AnyMessage> (*read)(const Node& body);
};

constexpr std::array<Row<HostMessage>, 7> kHostMessages{{{"describe", read_describe},
                                                         {"start", read_start},
                                                         {"go", read_go},
                                                         {"stop", read_trial_only<HostMessage, Stop>},
                                                         {"pause", read_trial_only<HostMessage, Pause>},
                                                         {"release", read_trial_only<HostMessage, Release>},
                                                         {"quit", read_nothing<HostMessage, Quit>}}};
constexpr std::array<Row<WorkerMessage>, 10> kWorkerMessages{{{"ready", read_ready},
                                                              {"described", read_described},
                                                              {"report", read_report},
                                                              {"checkpoint", read_checkpoint},
                                                              {"reached", read_reached},
                                                              {"paused", read_paused},
                                                              {"done", read_done},
                                                              {"stopped", read_trial_only<WorkerMessage, Stopped>},
                                                              {"failed", read_failed},
                                                              {"alive", read_nothing<WorkerMessage, Alive>}}};
static_assert(kHostMessages.size() == std::variant_size_v<HostMessage>);
static_assert(kWorkerMessages.size() == std::variant_size_v<WorkerMessage>);

template <class AnyMessage>
Result<AnyMessage> decode(std::string_view line, std::span<const Row<AnyMessage>> rows, const char* place) {
  if (line.size() > kMaxLineBytes)
    return fail(ErrorKind::InvalidInput, {.where = place,
                                          .what = "a line that is too long",
                                          .got = fmt::format("{} bytes", line.size()),
                                          .expected = fmt::format("at most {} bytes", kMaxLineBytes)});
  Document document{.json = nullptr, .name = place, .lines = {}};
  PEGBOX_TRY(document.json, parse_foreign_json(line, place));
  const Node root = document.root();
  if (!root.is_object() || root.json().size() != 1)
    return root.fail("not a message", "an object with one member, the message's name");
  const auto [name, body] = root.members().front();
  std::vector<std::string_view> names;
  for (const Row<AnyMessage>& row : rows) {
    if (row.name != name) {
      names.push_back(row.name);
      continue;
    }
    if (!body.is_object()) return body.fail("not an object", "an object with the message's fields");
    return row.read(body);
  }
  PEGBOX_CHECK(root.only(names));
  return root.fail("unknown message");
}

template <class AnyMessage>
std::string encode_any(const AnyMessage& any) {
  return to_line(std::visit([](const auto& message) { return json_of(message); }, any)) + "\n";
}

}  // namespace

std::string_view name_of(FailureKind kind) { return kFailureNames[static_cast<std::size_t>(kind)].second; }

std::optional<FailureKind> failure_kind_of(std::string_view name) {
  for (const auto& [kind, kind_name] : kFailureNames)
    if (kind_name == name) return kind;
  return std::nullopt;
}

std::string encode(const HostMessage& message) { return encode_any(message); }
std::string encode(const WorkerMessage& message) { return encode_any(message); }

Result<HostMessage> decode_host(std::string_view line) {
  return decode<HostMessage>(line, kHostMessages, "message from the host");
}
Result<WorkerMessage> decode_worker(std::string_view line) {
  return decode<WorkerMessage>(line, kWorkerMessages, "message from the worker");
}

}  // namespace pegbox
