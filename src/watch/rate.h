// Rate: what is counted of each record that has it: a bad rating, a refusal, a leak, an offence.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "math/statistics.h"

namespace pegbox::watch {

enum class Rate : std::uint8_t {
  BadRatings,    ///< of the records that are rated
  Refusals,      ///< of outputs
  PersonalData,  ///< outputs with personal data that the prompt has not
  TrainingText,  ///< outputs with a copy of training text that the prompt has not
  Offensive,     ///< outputs that the classifier or the list of words takes for offensive
};
inline constexpr std::size_t kRates = 5;
inline constexpr std::array<std::string_view, kRates> kRateNames = {"bad_ratings", "refusals", "personal_data",
                                                                    "training_text", "offensive"};
inline std::string_view name_of(Rate rate) { return kRateNames[static_cast<std::size_t>(rate)]; }

/// By rate: whether it is so of a record; nothing where that is not known.
using RateFlags = std::array<std::optional<bool>, kRates>;

/// How often a thing was so, of the records of which it is known.
struct RateCount {
  std::int64_t yes = 0, known = 0;
  void add(bool is_yes) {
    yes += is_yes;
    ++known;
  }
  void add(const RateCount& more) {
    yes += more.yes;
    known += more.known;
  }
  double rate() const { return known == 0 ? 0 : static_cast<double>(yes) / static_cast<double>(known); }
};
using RateCounts = std::array<RateCount, kRates>;

}  // namespace pegbox::watch
