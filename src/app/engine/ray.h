// Ray: workers as actors of a Ray cluster, by the Python package (`python -m pegbox.ray`), which this program tells how
// many to have.
#pragma once

#include <memory>

#include "app/engine/worker_order.h"
#include "app/engine/workforce.h"
#include "base/json.h"
#include "base/subprocess.h"

namespace pegbox {

/// Lines of JSON in both directions: {"hire": ["ray-1", ...]}, {"dismiss": ["ray-1"]} to it, {"hands": [{"name":
/// "ray-1", "runs": true, "why": ""}]} from it, whenever they have changed. At the end of its input it dismisses all
/// and leaves.
class RayWorkforce final : public Workforce {
 public:
  /// Connects to the cluster of $RAY_ADDRESS, else the one of this machine, else starts one here. `token`: for the
  /// server; actors get it in their environment. NotFound, with what to install, if Python lacks ray.
  static Result<std::unique_ptr<RayWorkforce>> start(const WorkerOrder& order, const std::string& token,
                                                     const Path& folder);
  ~RayWorkforce() override;  ///< dismisses those that are left, and waits for them

  Result<std::vector<Hand>> look() override;
  Result<std::vector<std::string>> hire(int count) override;
  Result<void> dismiss(const std::vector<std::string>& names) override;
  std::string last_words(const std::string& name) override;

 private:
  RayWorkforce(std::unique_ptr<Subprocess> child, Path logs) : child_(std::move(child)), logs_(std::move(logs)) {}
  Result<void> wait_until_ready();
  Result<void> read();
  Result<void> tell(const Json& message);
  tl::unexpected<Error> fail_ended(const ExitStatus& status) const;

  const std::unique_ptr<Subprocess> child_;
  const Path logs_;
  LineReader lines_, errors_;
  std::string said_;  // the end of what it said of errors
  std::vector<Hand> hands_;
  bool ready_ = false;
  int hired_ = 0;
};

}  // namespace pegbox
