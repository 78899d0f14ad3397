// Draw: configurations by proposal and rejection: within the constraints, and not tried before.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "base/rng.h"
#include "search/history.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {

/// How many proposals are looked at before a draw gives up. A space of which one part in 10,000 is allowed is still
/// found with certainty (a miss has probability e^-10), within about half a second.
inline constexpr std::uint64_t kMaxProposals = 100'000;

/// Spaces with at most so many configurations are listed when proposals find nothing, so that the last one is found.
inline constexpr std::int64_t kMaxListed = 4096;

/// Writes proposal number `attempt` (0, 1, 2, ...) to `at`, [d].
using Propose = std::function<void(std::uint64_t attempt, std::span<double> at)>;

struct Drawn {
  Config config;
  std::uint64_t attempt = 0;  ///< which proposal it was
};

Result<bool> is_feasible(const History& history, const Config& config);

/// The first proposal that satisfies the constraints and is not taken. Where there is none: in a space of at most
/// kMaxListed configurations one of those left, chosen by `rng`; nothing if all that are allowed are taken.
/// InvalidInput if no configuration is allowed (or none was found), with the constraint that was broken last.
Result<std::optional<Drawn>> draw_new(const History& history, const TakenConfigs& taken, const Propose& propose,
                                      Rng& rng);

/// One past the "index" in the reason of the last trial that `by` took from its Sobol sequence; indices only grow.
std::uint64_t next_sobol_index(const History& history, std::string_view by);

}  // namespace pegbox
