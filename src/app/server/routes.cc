// Routes: what a server answers.
#include "app/server/routes.h"

#include <algorithm>
#include <array>

namespace pegbox::server {
namespace {

constexpr std::size_t kLargestBatch = 10000;

Answer read_about(Studies&, const Call& call) {
  return Json{{"pegbox", PEGBOX_VERSION}, {"api", 1}, {"protocol", kProtocolVersion}, {"role", name_of(call.role)}};
}
Answer read_list(Studies& studies, const Call&) { return studies.list(); }
Answer read_study(Studies& studies, const Call& call) { return studies.show(call.study()); }
Answer read_spec(Studies& studies, const Call& call) { return studies.spec(call.study()); }
Answer read_best(Studies& studies, const Call& call) { return studies.best(call.study()); }
Answer read_trial(Studies& studies, const Call& call) {
  PEGBOX_TRY(const std::int64_t number, call.trial());
  return studies.trial(call.study(), number);
}

template <View view>
Answer read_view(Studies& studies, const Call& call) {
  ViewWanted wanted{.view = view, .study = call.study(), .query = call.query};
  if (call.path.contains("trial")) {
    PEGBOX_TRY(wanted.trial, call.trial());
  }
  return studies.view(wanted);
}

Answer create(Desk& desk, const Call& call) {
  const Node body = call.body.root();
  PEGBOX_CHECK(body.only(std::array<std::string_view, 1>{"file"}));
  PEGBOX_TRY(const Node file, body.at("file"));
  PEGBOX_TRY(const std::string text, file.string());
  return desk.create(text);
}

Result<message::Described> read_described(const Node& node) {
  PEGBOX_CHECK(node.only(std::array<std::string_view, 2>{"values", "limits"}));
  PEGBOX_TRY(const auto message, decode_worker(to_line({{"described",
                                                         {{"id", 0},
                                                          {"values", node.json().value("values", Json::object())},
                                                          {"limits", node.json().value("limits", Json::object())}}}})));
  return std::get<message::Described>(message);
}

Answer ask(Desk& desk, const Call& call) {
  const Node body = call.body.root();
  PEGBOX_CHECK(body.only(std::array<std::string_view, 3>{"worker", "ticket", "described"}));
  Question question;
  PEGBOX_TRY(question.worker, read_name(body, "worker"));
  PEGBOX_TRY(question.ticket, read_name(body, "ticket"));
  if (body.has("described")) {
    PEGBOX_TRY(const Node described, body.at("described"));
    PEGBOX_TRY(question.described, read_described(described));
  }
  return desk.ask(call.study(), question);
}

template <MessageKind kind>
Answer take(Desk& desk, const Call& call) {
  PEGBOX_TRY(const std::int64_t trial, call.trial());
  PEGBOX_TRY(const TrialMessage message, read_message(kind, trial, call.body.root()));
  PEGBOX_TRY(const Standing standing, desk.take(call.study(), message));
  return to_json(standing);
}

Json take_entry(Desk& desk, const std::string& study, const Node& entry) {
  const auto standing = read_batch_entry(entry).and_then(
      [&](const TrialMessage& message) -> Result<Standing> { return desk.take(study, message); });
  if (standing) return to_json(*standing);
  Json json = error_json(standing.error());
  json["status"] = status_of(standing.error().kind);
  return json;
}

Answer take_batch(Desk& desk, const Call& call) {
  const Node body = call.body.root();
  PEGBOX_CHECK(body.only(std::array<std::string_view, 1>{"messages"}));
  PEGBOX_TRY(const Node messages, body.at("messages"));
  if (!messages.is_array()) return messages.fail("not a list", "a list of messages");
  const auto entries = messages.items();
  if (entries.size() > kLargestBatch) return messages.fail("too many messages", "at most 10000");
  Json answers = Json::array();
  const auto is_refused = [](const Json& answer) { return answer.value("status", 200) == 503; };
  for (const Node& entry : entries)  // after one that must be said again, none that may build on it
    answers.push_back(!answers.empty() && is_refused(answers.back()) ? answers.back()
                                                                     : take_entry(desk, call.study(), entry));
  return Json{{"answers", std::move(answers)}};
}

template <Command command>
Answer wish(Desk& desk, const Call& call) {
  PEGBOX_CHECK(call.body.root().only({}));
  PostedCommand posted{command, -1};
  if (call.path.contains("trial")) {
    PEGBOX_TRY(posted.trial, call.trial());
  }
  return desk.wish(call.study(), posted);
}

Answer resume(Desk& desk, const Call& call) {
  PEGBOX_CHECK(call.body.root().only({}));
  return desk.resume(call.study());
}

Answer enqueue(Desk& desk, const Call& call) {
  const Node body = call.body.root();
  PEGBOX_CHECK(body.only(std::array<std::string_view, 1>{"config"}));
  PEGBOX_TRY(const Node given, body.at("config"));
  PostedCommand posted{Command::Enqueue};
  PEGBOX_TRY(posted.config, Config::from_json(given.json()));
  return desk.wish(call.study(), posted);
}

const auto& table() {
  using enum Role;
  static const std::array rows = {
      Route{"GET", "/api", Read, "which server this is", read_about},
      Route{"GET", "/api/studies", Read, "all studies, in short", read_list},
      Route{"POST", "/api/studies", Administer, "make a study, or go on with it", nullptr, create},
      Route{"GET", "/api/studies/{study}", Read, "a study with its trials", read_study},
      Route{"GET", "/api/studies/{study}/spec", Read, "its study file, for whoever works for it", read_spec},
      Route{"GET", "/api/studies/{study}/best", Read, "the best configuration so far", read_best},
      Route{"GET", "/api/studies/{study}/events", Read, "the study's log, as it grows", nullptr, nullptr, true, "from"},
      Route{"GET", "/api/studies/{study}/overview", Read, "a study without its trials", read_view<View::Overview>},
      Route{"GET", "/api/studies/{study}/progress", Read, "the best so far", read_view<View::Progress>, nullptr, false,
            "points"},
      Route{"GET", "/api/studies/{study}/curves", Read, "learning curves", read_view<View::Curves>, nullptr, false,
            "metric trials points"},
      Route{"GET", "/api/studies/{study}/points", Read, "trials as points: hyperparameters and objectives",
            read_view<View::Points>, nullptr, false, "points"},
      Route{"GET", "/api/studies/{study}/importance", Read, "what mattered", read_view<View::Importance>, nullptr,
            false, "metric"},
      Route{"GET", "/api/studies/{study}/trials", Read, "trials as the rows of a table", read_view<View::Trials>,
            nullptr, false, "sort descending state from count"},
      Route{"GET", "/api/studies/{study}/trials/{trial}", Read, "one trial", read_trial},
      Route{"GET", "/api/studies/{study}/trials/{trial}/account", Read, "one trial, with what it is compared to",
            read_view<View::Trial>, nullptr, false, "points"},
      Route{"GET", "/api/studies/{study}/trials/{trial}/log", Read, "the end of what a trial printed",
            read_view<View::Log>},
      Route{"POST", "/api/studies/{study}/ask", Work, "take a trial under a lease", nullptr, ask},
      Route{"POST", "/api/studies/{study}/messages", Work, "several messages of trials at once", nullptr, take_batch},
      Route{"POST", "/api/studies/{study}/trials/{trial}/report", Work, "a measurement; the answer is a verdict",
            nullptr, take<MessageKind::Report>},
      Route{"POST", "/api/studies/{study}/trials/{trial}/checkpoint", Work, "a snapshot from which the trial can go on",
            nullptr, take<MessageKind::Checkpoint>},
      Route{"POST", "/api/studies/{study}/trials/{trial}/tell", Work, "the trial is done, or failed", nullptr,
            take<MessageKind::Tell>},
      Route{"POST", "/api/studies/{study}/trials/{trial}/return", Work, "give the trial back to the queue", nullptr,
            take<MessageKind::Return>},
      Route{"POST", "/api/studies/{study}/trials/{trial}/renew", Work, "renew the trial's lease", nullptr,
            take<MessageKind::Renew>},
      Route{"POST", "/api/studies/{study}/pause", Administer, "pause the study", nullptr, wish<Command::Pause>},
      Route{"POST", "/api/studies/{study}/stop", Administer, "stop the study for good", nullptr, wish<Command::Stop>},
      Route{"POST", "/api/studies/{study}/resume", Administer, "go on with a study at rest", nullptr, resume},
      Route{"POST", "/api/studies/{study}/enqueue", Administer, "add a configuration to be tried", nullptr, enqueue},
      Route{"POST", "/api/studies/{study}/trials/{trial}/pause", Administer, "pause one trial", nullptr,
            wish<Command::PauseTrial>},
      Route{"POST", "/api/studies/{study}/trials/{trial}/stop", Administer, "stop one trial", nullptr,
            wish<Command::StopTrial>},
      Route{"POST", "/api/studies/{study}/trials/{trial}/resume", Administer, "let one trial go on", nullptr,
            wish<Command::ResumeTrial>},
  };
  return rows;
}

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> segments;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    segments.push_back(path.substr(start, end - start));
    start = end + 1;
  }
  return segments;
}

bool matches(std::string_view pattern, std::span<const std::string_view> segments, Call& call) {
  const auto wanted = segments_of(pattern);
  if (wanted.size() != segments.size()) return false;
  call.path.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != segments[i]) return false;
      continue;
    }
    auto value = percent_decoded(segments[i]);
    if (!value || value->empty()) return false;
    call.path[std::string(wanted[i].substr(1, wanted[i].size() - 2))] = *std::move(value);
  }
  return true;
}

bool read_query(std::string_view text, const Route& route, Call& call) {
  auto query = Query::read(text, route.query);
  if (!query) return false;
  call.query = *std::move(query);
  return !route.streams || !call.query.has("from") || read_whole(call.query.text("from"), call.from);
}

}  // namespace

std::span<const Route> routes() { return table(); }

Result<std::int64_t> Call::trial() const {
  std::int64_t number = 0;
  if (read_whole(path.at("trial"), number) && number >= 0) return number;
  return fail(ErrorKind::NotFound, {.where = study(), .what = "no such trial", .got = path.at("trial")});
}

Found find_route(std::string_view method, std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  const auto segments = segments_of(target.substr(0, mark));
  const std::string_view query = mark < target.size() ? target.substr(mark + 1) : std::string_view();
  Found found{.status = 404};
  for (const Route& route : routes()) {
    Call call;
    if (!matches(route.pattern, segments, call)) continue;
    found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(route.method);
    found.status = found.route == nullptr ? 405 : found.status;
    if (route.method != method) continue;
    found.route = &route;
    found.query = route.query;
    found.status = read_query(query, route, call) ? 200 : 400;
    found.call = std::move(call);
  }
  if (found.status != 200) found.route = nullptr;
  return found;
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::InvalidInput:
    case ErrorKind::Unsupported:
      return 400;
    case ErrorKind::NotFound:
      return 404;
    case ErrorKind::Conflict:
      return 409;
    case ErrorKind::Io:
    case ErrorKind::OutOfMemory:
    case ErrorKind::Interrupted:
      return 503;
    default:
      return 500;
  }
}

std::string_view name_of(ErrorKind kind) {
  constexpr std::array<std::string_view, 10> kNames = {"invalid-input", "not-found", "conflict",      "corrupt",
                                                       "unsupported",   "io",        "out-of-memory", "diverged",
                                                       "interrupted",   "internal"};
  return kNames[static_cast<std::size_t>(kind)];
}

Json error_json(const Error& error) { return {{"error", {{"kind", name_of(error.kind)}, {"message", error.message}}}}; }

}  // namespace pegbox::server
