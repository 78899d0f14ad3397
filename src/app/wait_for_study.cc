// Waiting for a study that another process runs.
#include "app/wait_for_study.h"

#include <chrono>
#include <thread>

namespace pegbox {

Result<ExitCode> wait_until_idle(Session& session, Store& store, const std::string& study) {
  for (;;) {
    PEGBOX_TRY(const bool runs, store.is_leased(study));
    if (!runs) return ExitCode::Done;
    if (session.interrupted()) return ExitCode::Interrupted;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace pegbox
