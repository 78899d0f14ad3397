// ServerLink: a worker's words to its server and the answers, in the API's terms; patient while the server is away.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/server/http_client.h"
#include "app/server/served_study.h"
#include "base/clock.h"

namespace pegbox::server {

/// What a server says of a study to whoever works for it.
struct StudyOffer {
  std::string name;
  Json spec;                  ///< the study file
  bool is_described = false;  ///< somebody has said what there is to tune
};

/// An answer to `ask`.
struct AskAnswer {
  std::optional<LeasedTrial> trial;
  std::string state;   ///< of the study: run_state
  double retry_s = 0;  ///< without a trial: when to ask again
};

/// Errors of kind Io mean: the server is away or overloaded; all calls fail at once then until the next try is due.
/// To be used by one thread.
class ServerLink {
 public:
  using Say = std::function<void(const std::string& line)>;

  /// `worker`: a name that no other process has. `say` hears when the server goes away and comes back.
  ServerLink(HttpClient& client, std::string worker, const Clock& clock, Say say)
      : client_(client), worker_(std::move(worker)), clock_(clock), say_(std::move(say)) {}

  const std::string& worker() const { return worker_; }
  double away_s() const { return away_since_s_ < 0 ? 0 : clock_.now_s() - away_since_s_; }  ///< for how long it is
  const Clock& clock() const { return clock_; }

  Result<std::vector<std::string>> studies();  ///< in which trials may be asked for
  Result<StudyOffer> offer(const std::string& study);

  /// A question that was not answered is asked again with the same ticket: no trial is given twice or lost.
  Result<AskAnswer> ask(const std::string& study, const std::optional<message::Described>& described);

  /// One answer for each message.
  Result<std::vector<Result<Standing>>> deliver(const std::string& study, std::span<const TrialMessage> messages);

 private:
  Result<Json> call(std::string_view method, const std::string& target, const Json& body = {});

  HttpClient& client_;
  const std::string worker_;
  const Clock& clock_;
  const Say say_;
  std::int64_t ticket_ = 1;
  double pause_s_ = 0, next_try_s_ = 0, away_since_s_ = -1;  // while it is away
};

/// "box1-3f9a02c1": the name given, else the machine's, and a random number.
Result<std::string> make_worker_name(std::string given = {});

}  // namespace pegbox::server
