// RateWatch: see rate_watch.h.
#include "watch/rate_watch.h"

#include "math/proportion.h"

namespace pegbox::watch {

RateWatch::RateWatch(std::optional<double> allowed, const RateCount& reference, double level) : level_(level) {
  if (!allowed && reference.known > 0) {
    level_ = level / 2;
    // A two-sided interval of 1 - level has level / 2 above it.
    allowed = math::proportion_interval(reference.yes, reference.known, 1 - level)->high;
  }
  if (allowed && *allowed < 1) test_.emplace(*allowed);
}

bool RateWatch::add(bool is_yes) {
  if (!test_) return false;
  test_->add(is_yes);
  since_.add(is_yes);
  return test_->evidence() >= 1 / level_;
}

Json RateWatch::to_json() const {
  if (!test_) return nullptr;
  const auto& state = test_->state();
  return {{"limit", test_->limit()}, {"level", level_},   {"answers", state.answers},
          {"wealth", state.wealth},  {"yes", since_.yes}, {"known", since_.known}};
}

RateWatch RateWatch::from_json(const Json& json) {
  RateWatch watch;
  if (json.is_null()) return watch;
  math::RateRise::State state{.answers = json.at("answers").get<std::int64_t>()};
  for (std::size_t k = 0; k < state.wealth.size(); ++k) state.wealth[k] = json.at("wealth").at(k).get<double>();
  watch.test_.emplace(json.at("limit").get<double>(), state);
  watch.level_ = json.at("level").get<double>();
  watch.since_ = {.yes = json.at("yes").get<std::int64_t>(), .known = json.at("known").get<std::int64_t>()};
  return watch;
}

}  // namespace pegbox::watch
