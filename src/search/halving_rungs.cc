// Halving rungs: where successive halving and its relatives compare trials, and Hyperband's brackets of such rungs.
#include "search/halving_rungs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pegbox {
namespace {

constexpr std::int64_t kDeepestReduction = 32;  ///< a rung before 1/32 of the full length tells too little of its end

}  // namespace

const FieldTable<HalvingOptions>& halving_fields() {
  static const FieldTable<HalvingOptions> table(std::vector<Field<HalvingOptions>>{
      {.name = "reduction",
       .member = &HalvingOptions::reduction,
       .minimum = 2,
       .maximum = 1000,
       .help = "of so many trials at a rung, one goes on",
       .source = "arXiv 1810.05934 uses 4, most programs 3"},
      {.name = "min",
       .member = &HalvingOptions::min,
       .minimum = 0,
       .help = "first rung, in steps; 0: the full length over the largest power of `reduction` up to 32 and up to the "
               "number of trials"}});
  return table;
}

Result<HalvingOptions> read_halving_options(const StudySpec& spec, const Node& node) {
  PEGBOX_TRY(const HalvingOptions options, halving_fields().read_known(node));
  if (spec.steps > 0 && options.min >= spec.steps) {
    PEGBOX_TRY(const Node min, node.at("min"));
    return min.fail("the first rung is not before the end of a full trial", "less than " + std::to_string(spec.steps));
  }
  return options;
}

std::vector<std::int64_t> halving_rungs(const HalvingOptions& options, std::int64_t full_steps, std::int64_t trials) {
  const std::int64_t limit = trials > 0 ? std::min(kDeepestReduction, trials) : kDeepestReduction;
  std::int64_t first = options.min;
  if (first == 0)
    for (std::int64_t power = options.reduction; power <= std::min(limit, full_steps); power *= options.reduction)
      first = full_steps / power;
  std::vector<std::int64_t> rungs;
  if (first == 0 || first >= full_steps) return rungs;
  rungs.push_back(first);
  for (std::int64_t rung = first; rung <= full_steps / options.reduction / options.reduction;) {
    rung *= options.reduction;
    rungs.push_back(rung);
  }
  return rungs;
}

Brackets::Brackets(const HalvingOptions& options, std::int64_t full_steps, std::int64_t trials)
    : rungs_(halving_rungs(options, full_steps, trials)) {
  const auto all = static_cast<double>(rungs_.size() + 1);
  for (std::size_t s = 0; s <= rungs_.size(); ++s) {
    const auto left = static_cast<double>(rungs_.size() - s);
    const double share = all / (left + 1) * std::pow(static_cast<double>(options.reduction), left);
    sizes_.push_back(static_cast<std::int64_t>(std::ceil(share)));
  }
}

std::size_t Brackets::of(std::int64_t trial) const {
  std::int64_t place = trial % std::accumulate(sizes_.begin(), sizes_.end(), std::int64_t{0});
  std::size_t bracket = 0;
  while (place >= sizes_[bracket]) place -= sizes_[bracket++];
  return bracket;
}

std::span<const std::int64_t> Brackets::rungs(std::size_t bracket) const { return std::span(rungs_).subspan(bracket); }

std::optional<Brackets> brackets_of(const History& history) {
  const auto rule = std::ranges::find_if(
      history.spec.stop, [&](const PartSpec& each) { return rule_name(history.spec, each) == "hyperband"; });
  if (rule == history.spec.stop.end()) return std::nullopt;
  const Document options{.json = rule->options, .name = "stop", .lines = {}};
  const auto read = halving_fields().read_known(options.root());
  return Brackets(read ? *read : HalvingOptions{}, history.steps, history.planned_trials);
}

}  // namespace pegbox
