// StudyReplay: the replay of a log with the strategies that its study files name.
#pragma once

#include "report/replay.h"

namespace pegbox {

/// See report/replay.h.
Result<Replayed> replay_study(std::span<const Event> events, const std::atomic<bool>* interrupted = nullptr);

}  // namespace pegbox
