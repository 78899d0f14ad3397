// Event log: what the benches that fold a study by themselves do with an event.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "search/history.h"

namespace pegbox {

/// An event that the state refuses is a fault of the bench and ends it.
inline void append_event(StudyState& state, Event::What what) {
  const auto applied = state.apply({state.event_count(), 0, "bench", std::move(what)});
  if (applied) return;
  fmt::print(stderr, "{}\n", applied.error().message);
  std::exit(1);
}

}  // namespace pegbox
