// grid: every combination of the parameters' values, once.
#include "search/samplers/grid.h"

#include <numeric>
#include <optional>

#include "search/samplers/draw.h"
#include "search/samplers/lattice.h"

namespace pegbox {
namespace {

constexpr std::size_t kMaxGrid = 100'000;  ///< a larger one is a mistake: nobody trains so many models

struct GridOptions {
  std::int64_t points = 5;
  std::string order = "given";
};

const FieldTable<GridOptions>& grid_fields() {
  static const FieldTable<GridOptions> table(std::vector<Field<GridOptions>>{
      {.name = "points",
       .member = &GridOptions::points,
       .minimum = 1,
       .maximum = 10'000,
       .help = "places on each continuous range, from end to end"},
      {.name = "order",
       .member = &GridOptions::order,
       .choices = {"given", "shuffled"},
       .help = "as nested loops, the last parameter fastest; or shuffled by the study's seed"}});
  return table;
}

class GridSampler final : public Sampler {
 public:
  explicit GridSampler(GridOptions options) : options_(std::move(options)) {}

  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    PEGBOX_CHECK(prepare(history.spec.space, key));
    taken_.update(history);
    if (history.trials.size() < trials_) start_ = 0;
    trials_ = history.trials.size();
    std::vector<Suggestion> suggestions;
    bool any_usable = start_ > 0, all_taken_so_far = true;
    for (std::size_t place = start_; place < order_.size() && std::ssize(suggestions) < count; ++place) {
      Config config = history.spec.space.from_unit(lattice_->point(order_[place]));
      const bool taken = taken_.contains(config);
      all_taken_so_far = all_taken_so_far && taken;
      if (all_taken_so_far) start_ = place + 1;
      any_usable = any_usable || taken;
      if (taken) continue;
      PEGBOX_TRY(const bool feasible, is_feasible(history, config));
      if (!feasible) continue;
      any_usable = true;
      suggestions.push_back({std::move(config), {{"by", "grid"}, {"position", place}, {"of", order_.size()}}});
    }
    if (!any_usable && count > 0) return fail_contradiction(history);
    return suggestions;
  }

 private:
  Result<void> prepare(const Space& space, const RngKey& key) {
    if (lattice_) return {};
    PEGBOX_TRY(lattice_, make_lattice(space, options_.points, kMaxGrid));
    order_.resize(lattice_->size);
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    Rng rng({key.seed, stream_id("grid"), 0});
    if (options_.order == "shuffled") shuffle(order_, rng);
    return {};
  }

  tl::unexpected<Error> fail_contradiction(const History& history) const {
    return fail(ErrorKind::InvalidInput,
                {.where = history.spec.name.empty() ? "constraints" : history.spec.name,
                 .what = "no combination of the grid satisfies the constraints",
                 .got = "none in all " + std::to_string(order_.size()),
                 .hint = "widen the space, drop a constraint, or take more points on continuous ranges"});
  }

  GridOptions options_;
  std::optional<Lattice> lattice_;
  std::vector<std::size_t> order_;  ///< positions in the lattice
  TakenConfigs taken_;
  std::size_t trials_ = 0;  ///< in the last history
  std::size_t start_ = 0;   ///< everything before is taken
};

Result<std::unique_ptr<Sampler>> make_grid(const StudySpec&, const Node& node) {
  PEGBOX_TRY(GridOptions options, grid_fields().read(node));
  return std::make_unique<GridSampler>(std::move(options));
}

}  // namespace

SamplerRow grid_row() {
  return {"grid", "every combination of the parameters' values, once", grid_fields().rows(), make_grid};
}

}  // namespace pegbox
