// Draw: configurations by proposal and rejection.
#include "search/samplers/draw.h"

#include <algorithm>

#include "search/samplers/lattice.h"

namespace pegbox {
namespace {

/// Looks at configurations one by one and remembers why the last was refused.
class Filter {
 public:
  Filter(const History& history, const TakenConfigs& taken) : history_(history), taken_(taken) {}

  Result<bool> accepts(const Config& config) {
    PEGBOX_TRY(const auto violated, history_.constraints.violated(config));
    if (violated) {
      violated_ = *violated;
      return false;
    }
    ++feasible_;
    return !taken_.contains(config);
  }

  std::uint64_t feasible() const { return feasible_; }

  tl::unexpected<Error> fail_contradiction(const std::string& looked_at) const {
    return fail(ErrorKind::InvalidInput, {.where = history_.spec.name.empty() ? "constraints" : history_.spec.name,
                                          .what = "no configuration satisfies the constraints",
                                          .got = "none in " + looked_at + "; the last one broke " + violated_,
                                          .hint = "widen the space or drop a constraint"});
  }

 private:
  const History& history_;
  const TakenConfigs& taken_;
  std::string violated_;
  std::uint64_t feasible_ = 0;
};

Result<std::optional<Drawn>> draw_from_list(const History& history, const TakenConfigs& taken, std::uint64_t attempts,
                                            Rng& rng) {
  const Space& space = history.spec.space;
  PEGBOX_TRY(const Lattice all, make_lattice(space, 1, static_cast<std::size_t>(kMaxListed)));
  Filter filter(history, taken);
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < all.size; ++i) {
    PEGBOX_TRY(const bool accepted, filter.accepts(space.from_unit(all.point(i))));
    if (accepted) left.push_back(i);
  }
  if (filter.feasible() == 0) return filter.fail_contradiction("all " + std::to_string(all.size));
  if (left.empty()) return std::nullopt;
  return Drawn{space.from_unit(all.point(left[rng.below(left.size())])), attempts};
}

}  // namespace

Result<bool> is_feasible(const History& history, const Config& config) {
  PEGBOX_TRY(const auto violated, history.constraints.violated(config));
  return !violated.has_value();
}

Result<std::optional<Drawn>> draw_new(const History& history, const TakenConfigs& taken, const Propose& propose,
                                      Rng& rng) {
  const Space& space = history.spec.space;
  const std::int64_t configurations = space.cardinality();
  const bool listed = configurations > 0 && configurations <= kMaxListed;
  const std::uint64_t attempts = listed ? 32 + 4 * static_cast<std::uint64_t>(configurations) : kMaxProposals;
  std::vector<double> at(space.axes().size());
  Filter filter(history, taken);
  for (std::uint64_t attempt = 0; attempt < attempts; ++attempt) {
    propose(attempt, at);
    Config config = space.from_unit(at);
    PEGBOX_TRY(const bool accepted, filter.accepts(config));
    if (accepted) return Drawn{std::move(config), attempt};
  }
  if (listed) return draw_from_list(history, taken, attempts, rng);
  if (filter.feasible() == 0) return filter.fail_contradiction(std::to_string(attempts) + " tries");
  return std::nullopt;
}

std::uint64_t next_sobol_index(const History& history, std::string_view by) {
  for (std::size_t i = history.trials.size(); i-- > 0;) {
    const Json& reason = history.trials[i].reason;
    if (!reason.is_object() || reason.value("by", "") != by || !reason.contains("index")) continue;
    if (reason["index"].is_number_unsigned() || reason["index"].is_number_integer())
      return reason["index"].get<std::uint64_t>() + 1;
  }
  return 0;
}

}  // namespace pegbox
