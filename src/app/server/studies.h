// Studies: what the server needs of the rest of the program: studies as JSON, and a study file's text as a study.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "app/server/query.h"
#include "app/server/served_study.h"
#include "base/json.h"

namespace pegbox::server {

struct LogPiece {
  std::int64_t study_id = 0;  ///< in the store: a study that is made anew under the same name has another
  std::vector<Event> events;
};

/// What a page shows, of bounded size however large a study is. Their JSON is described in docs/api.md.
enum class View : std::uint8_t { Overview, Progress, Curves, Points, Importance, Trials, Trial, Log };

/// Which of it.
struct ViewWanted {
  View view = View::Overview;
  std::string study;
  std::int64_t trial = -1;  ///< of Trial and Log
  Query query;
};

class Studies {
 public:
  virtual ~Studies() = default;

  // What is in the store; NotFound for what is not. To be called by one thread, beside the one that calls `hold`.
  virtual Result<Json> list() = 0;
  virtual Result<Json> show(const std::string& study) = 0;
  virtual Result<Json> trial(const std::string& study, std::int64_t number) = 0;
  /// {"name", "spec": the study file, "described": whether somebody has said what there is to tune}
  virtual Result<Json> spec(const std::string& study) = 0;
  virtual Result<Json> best(const std::string& study) = 0;  ///< null: no trial has a result

  /// InvalidInput for a query that is wrong.
  virtual Result<Json> view(const ViewWanted& wanted) = 0;

  /// The events from `from` on, a bounded number of them. InvalidInput for a place behind the log's end.
  virtual Result<LogPiece> events(const std::string& study, std::uint64_t from) = 0;

  /// Makes the study that a file's text describes, or opens the one that exists and takes a larger budget over.
  /// `let_go` is called with its name before it is opened. InvalidInput for a wrong file or another change.
  virtual Result<OpenedStudy> hold(const std::string& text,
                                   const std::function<void(const std::string& name)>& let_go) = 0;
};

}  // namespace pegbox::server
