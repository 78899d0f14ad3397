// ServerLink: a worker's words to its server.
#include "app/server/server_link.h"

#include <fmt/format.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace pegbox::server {
namespace {

constexpr std::size_t kLongestStudyName = 100;
constexpr double kFirstPause_s = 0.2, kLongestPause_s = 5;

std::string place_of(const std::string& study, std::string_view what) {
  return fmt::format("/api/studies/{}/{}", study, what);
}

Result<double> number_at(const Node& body, std::string_view key) {
  PEGBOX_TRY(const Node node, body.at(key));
  return node.real();
}

Result<std::int64_t> integer_at(const Node& body, std::string_view key) {
  PEGBOX_TRY(const Node node, body.at(key));
  return node.integer();
}

Result<std::optional<CheckpointRef>> read_resume(const Node& body) {
  PEGBOX_TRY(const Node node, body.at("resume"));
  if (node.is_null()) return std::nullopt;
  CheckpointRef resume;
  PEGBOX_TRY(resume.trial, integer_at(node, "trial"));
  PEGBOX_TRY(resume.step, integer_at(node, "step"));
  PEGBOX_TRY(const Node name, node.at("checkpoint"));
  PEGBOX_TRY(resume.name, name.string());
  return resume;
}

Result<LeasedTrial> read_trial(const Node& body) {
  LeasedTrial leased;
  PEGBOX_TRY(leased.trial, integer_at(body, "number"));
  PEGBOX_TRY(const Node lease, body.at("lease"));
  PEGBOX_TRY(leased.lease, lease.string());
  PEGBOX_TRY(leased.lease_s, number_at(body, "lease_s"));
  PEGBOX_TRY(const std::int64_t seed, integer_at(body, "seed"));
  leased.seed = static_cast<std::uint64_t>(seed);
  PEGBOX_TRY(const Node config, body.at("config"));
  PEGBOX_TRY(leased.config, Config::from_json(config.json()));
  PEGBOX_TRY(leased.step, integer_at(body, "step"));
  PEGBOX_TRY(leased.until, integer_at(body, "until"));
  PEGBOX_TRY(leased.attempt, integer_at(body, "attempt"));
  PEGBOX_TRY(leased.resume, read_resume(body));
  return leased;
}

Result<Standing> read_answer(const Node& node) {
  if (!node.has("error")) return read_standing(node);
  const Json& error = node.json()["error"];
  const bool passing = node.json().value("status", 500) >= 500;
  return tl::make_unexpected(Error{passing ? ErrorKind::Io : ErrorKind::Conflict,
                                   error.is_object() ? error.value("message", "refused") : "refused"});
}

}  // namespace

Result<Json> ServerLink::call(std::string_view method, const std::string& target, const Json& body) {
  if (clock_.now_s() < next_try_s_) return fail(ErrorKind::Io, {.where = client_.url(), .what = "the server is away"});
  auto answer = client_.ask(method, target, body);
  if (!answer && answer.error().kind == ErrorKind::Io) {
    if (pause_s_ == 0) say_(answer.error().message + "; trying again until it does");
    if (away_since_s_ < 0) away_since_s_ = clock_.now_s();
    pause_s_ = pause_s_ == 0 ? kFirstPause_s : std::min(2 * pause_s_, kLongestPause_s);
    next_try_s_ = clock_.now_s() + pause_s_;
    return answer;
  }
  if (pause_s_ > 0) say_("The server is back.");
  pause_s_ = next_try_s_ = 0;
  away_since_s_ = -1;
  return answer;
}

Result<std::vector<std::string>> ServerLink::studies() {
  PEGBOX_TRY(const Json list, call("GET", "/api/studies"));
  std::vector<std::string> names;
  const Document document{list, client_.url(), {}};
  for (const Node& entry : document.root().items()) {
    const std::string state = entry.json().value("state", "");
    if (state != "running" && state != "interrupted") continue;
    PEGBOX_TRY(names.emplace_back(), read_name(entry, "name", kLongestStudyName));
  }
  return names;
}

Result<StudyOffer> ServerLink::offer(const std::string& study) {
  PEGBOX_TRY(Json json, call("GET", place_of(study, "spec")));
  StudyOffer offer{.name = study, .spec = json.value("spec", Json()), .is_described = json.value("described", false)};
  return offer;
}

Result<AskAnswer> ServerLink::ask(const std::string& study, const std::optional<message::Described>& described) {
  Json question = {{"worker", worker_}, {"ticket", std::to_string(ticket_)}};
  if (described) question["described"] = {{"values", described->values}, {"limits", described->limits}};
  auto json = call("POST", place_of(study, "ask"), question);
  if (json || json.error().kind != ErrorKind::Io) ++ticket_;
  if (!json) return tl::make_unexpected(json.error());
  const Document document{*std::move(json), client_.url(), {}};
  const Node body = document.root();
  AskAnswer answer{.trial = {}, .state = body.json().value("state", ""), .retry_s = body.json().value("retry_s", 1.0)};
  PEGBOX_TRY(const Node trial, body.at("trial"));
  if (trial.is_null()) return answer;
  PEGBOX_TRY(answer.trial, read_trial(trial));
  return answer;
}

Result<std::vector<Result<Standing>>> ServerLink::deliver(const std::string& study,
                                                          std::span<const TrialMessage> messages) {
  Json batch = {{"messages", Json::array()}};
  for (const TrialMessage& message : messages) batch["messages"].push_back(to_json(message));
  PEGBOX_TRY(Json json, call("POST", place_of(study, "messages"), batch));
  const Document document{std::move(json), client_.url(), {}};
  PEGBOX_TRY(const Node list, document.root().at("answers"));
  std::vector<Result<Standing>> answers;
  for (const Node& node : list.items()) answers.push_back(read_answer(node));
  if (answers.size() == messages.size()) return answers;
  return list.fail("not an answer for each message");
}

Result<std::string> make_worker_name(std::string given) {
  if (given.empty()) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) return fail_errno("host", "it has no name");
    given = host.data();
  }
  std::string name = given.substr(0, 40);
  std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; }, '-');
  std::array<unsigned char, 4> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return fail(ErrorKind::Internal, {.where = "worker", .what = "the machine gives no random bytes"});
  name += '-';
  for (const unsigned char byte : random) name += fmt::format("{:02x}", byte);
  return name;
}

}  // namespace pegbox::server
