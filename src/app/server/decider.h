// Decider: the one thread that decides about all studies of a server, and makes its answers durable before they leave.
//
// What has come while the last batch was made durable is the next batch: however many workers speak at once, they share
// a commit for each study.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/server/attendance.h"
#include "app/server/followed_studies.h"
#include "app/server/served_study.h"
#include "app/server/studies.h"
#include "base/json.h"
#include "search/store.h"

namespace pegbox::server {

using Answer = Result<Json>;

/// The studies that are open, for whoever decides. To be used by the decider's thread.
class Desk {
 public:
  Desk(Store& store, Studies& studies, const Clock& clock)
      : store_(store), studies_(studies), clock_(clock), elsewhere_(store) {}

  /// {"trial": {...} | null, "state": "running" | "finished" | ...}
  Answer ask(const std::string& study, const Question& question);
  Result<Standing> take(const std::string& study, const TrialMessage& message);
  /// Makes or goes on with a study: {"name", "created", "state"}.
  Answer create(const std::string& text);
  /// Serves a study that the caller has opened for it.
  Result<void> take_over(OpenedStudy opened);

  /// Goes on with a study at rest, as `create` with its own study file would. Conflict for one that runs.
  Answer resume(const std::string& study);

  /// Posts a person's wish, which whoever runs the study obeys within moments: this server or `pegbox tune`. Conflict
  /// for a study that does not run, a trial that has ended or is not paused, a spent budget; InvalidInput for a
  /// configuration that the study refuses.
  Answer wish(const std::string& study, const PostedCommand& posted);

  /// The server did nothing for so long: no lease runs out for that.
  void excuse(double seconds);

  const Attendance& attendance() const { return attendance_; }

  void look_around();                    ///< leases, wishes, ends; what goes wrong shows at the next question
  std::map<std::string, Error> flush();  ///< studies whose answers could not be made durable

 private:
  /// A study in which nothing may be started until somebody goes on with it.
  struct Resting {
    std::unique_ptr<Study> study;
    std::int64_t id = 0;  // in the store: another study may have the name by now
  };
  Result<ServedStudy*> open(const std::string& study);  ///< nullptr: it rests
  Result<bool> rests(const std::string& study);
  Result<const StudyState*> running(const std::string& study);  ///< here or elsewhere; Conflict: it rests
  tl::unexpected<Error> fail_resting(const std::string& study) const;

  Store& store_;
  Studies& studies_;
  const Clock& clock_;
  std::map<std::string, std::unique_ptr<ServedStudy>> open_;
  std::map<std::string, Resting> resting_;
  Attendance attendance_;
  FollowedStudies elsewhere_;
};

class Decider {
 public:
  /// A question about studies (empty name: about none that is open), and what takes its answer, in the decider's
  /// thread.
  struct Job {
    std::string study;
    std::function<Answer(Desk&)> decide;
    std::function<void(Answer)> done;
  };

  Decider(Store& store, Studies& studies, const Clock& clock);
  ~Decider();  ///< answers what has come, and stops
  void post(Job job);
  void settle();  ///< returns when all that was posted before has been answered

 private:
  void run();
  void decide(std::vector<Job> jobs);
  void look_around();

  const Clock& clock_;
  Desk desk_;
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<Job> waiting_;
  bool stopping_ = false;
  double looked_s_;
  std::thread thread_;
};

}  // namespace pegbox::server
