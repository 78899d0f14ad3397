// RemoteWorker: the program `pegbox worker`: works for the studies of a server, one after the other, until it is told
// to leave.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "app/server/study_shift.h"

namespace pegbox::server {

class RemoteWorker {
 public:
  /// What runs the trials of a study with this study file; an error if this machine cannot.
  using Furnish = std::function<Result<Workshop>(const Json& spec)>;

  RemoteWorker(ServerLink& link, Furnish furnish, StudyShift::Say say, const std::atomic<bool>& interrupted)
      : link_(link), furnish_(std::move(furnish)), say_(std::move(say)), interrupted_(interrupted) {}

  /// Only for this study; the worker leaves when it is over.
  void serve_only(std::string study) { only_ = std::move(study); }
  /// It leaves when the server was away for so long; 0: never.
  void leave_without_server(double after_s) { patience_s_ = after_s; }

  /// Until it is interrupted: it hands back what it has then. An error if the server refuses it or is away too long, or
  /// if there is no such study, or this machine can run none of its trials.
  Result<void> run();

 private:
  bool is_given_up() const { return patience_s_ > 0 && link_.away_s() > patience_s_; }
  Result<void> serve(const std::string& study);
  Result<void> work(StudyShift& shift, const std::string& study);
  Result<std::vector<std::string>> candidates();
  bool is_wanted_elsewhere(const std::string& study);
  void set_aside(const std::string& study);
  void rest(double seconds) const;

  ServerLink& link_;
  const Furnish furnish_;
  const StudyShift::Say say_;
  const std::atomic<bool>& interrupted_;
  std::string only_;
  double patience_s_ = 0;
  std::map<std::string, double> served_s_;       // when each was last served
  std::map<std::string, double> aside_until_s_;  // studies that could not be served
};

}  // namespace pegbox::server
