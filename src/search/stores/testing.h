// What the tests of stores share: events to write, and what it means that two logs are the same.
#pragma once

#include <string>
#include <vector>

#include "base/file.h"
#include "base/rng.h"
#include "search/store.h"

namespace pegbox {

/// An event of a random kind with random contents: odd names, numbers that are not finite, long texts.
Event random_event(std::uint64_t index, Rng& rng);
std::vector<Event> random_events(std::uint64_t first, int count, Rng& rng);

/// A short report, the kind that a study has most of.
Event report_event(std::uint64_t index);
std::vector<Event> report_events(std::uint64_t first, int count);

/// All of an event in one text, bit by bit.
std::string text_of(const Event& event);
std::vector<std::string> texts_of(const std::vector<Event>& events);

/// Appends and waits.
Result<void> write(Store& store, const std::string& study, const std::vector<Event>& events);

}  // namespace pegbox
