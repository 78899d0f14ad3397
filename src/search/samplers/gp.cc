// gp: a Gaussian process of the loss, asked where improvement is to be expected.
#include "search/samplers/gp.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>

#include "base/number.h"
#include "search/samplers/acquisition_search.h"
#include "search/samplers/central_beliefs.h"
#include "search/samplers/design.h"
#include "search/samplers/evidence.h"
#include "search/samplers/suggest_each.h"
#include "search/samplers/trust_region.h"

namespace pegbox {
namespace {

constexpr std::size_t kIncumbents = 5;   ///< observations around which candidates are looked for
constexpr std::size_t kMaxModelled = 3;  ///< objectives that have a model each
constexpr std::size_t kFitsKept = 4;
constexpr std::size_t kMinFitted = 4;  ///< measured trials for a fit to a part of them

/// The probability of success that a suggestion should have: 0.5 as long as 7 % of the trials fail, more with
/// each that fails beyond that, and less as trials succeed again; like the multiplier of a constraint. Near the end of
/// a search whose best place is at the border of what fails, improvement is to be expected at and beyond the border
/// only, so that no fixed exponent of the probability keeps the search away from it.
constexpr double kAcceptedFailures = 0.07, kCautionStep = 0.5, kMostRequired = 0.95;

double required_success(const Observations& observations) {
  const auto allowed = static_cast<double>(std::ranges::count_if(observations.measured, &Measured::allowed));
  const auto ended = static_cast<double>(observations.measured.size() + observations.failed.size());
  const double excess = std::max(0.0, ended - allowed - kAcceptedFailures * ended);
  return std::min(kMostRequired, 1 - 0.5 * std::exp(-kCautionStep * excess));
}

struct GpOptions {
  std::int64_t initial = 0;
  double prior_weight = 2;
  std::int64_t candidates = 256;
  bool central = true;
  double caution = 4;
  std::string acquisition = "improvement";
  double beta = Criterion{}.beta;
  std::string cost;
  std::string region = "whole";
};

const FieldTable<GpOptions>& gp_fields() {
  static const FieldTable<GpOptions> table(std::vector<Field<GpOptions>>{
      {.name = "initial",
       .member = &GpOptions::initial,
       .minimum = 0,
       .help = "trials before the model is asked; 0: 4, or more where there are branches"},
      {.name = "prior_weight",
       .member = &GpOptions::prior_weight,
       .minimum = 0,
       .help = "exponent of the priors, divided by the number of observations; 0: priors shape the first trials only",
       .source = "arXiv 2204.11051 takes a tenth of the number of trials"},
      {.name = "candidates",
       .member = &GpOptions::candidates,
       .minimum = 16,
       .maximum = 100'000,
       .help = "points over the whole space at which the model is asked"},
      {.name = "central",
       .member = &GpOptions::central,
       .help = "a range without a prior is taken to be written around what its author believes in"},
      {.name = "caution",
       .member = &GpOptions::caution,
       .minimum = 0,
       .maximum = 100,
       .help = "exponent of the probability that a trial does not fail; 0: failures are ignored"},
      {.name = "acquisition",
       .member = &GpOptions::acquisition,
       .choices = criterion_names(),
       .help =
           "what a trial is chosen for: improvement in expectation, by the lower confidence bound, or of a function "
           "drawn from the posterior (Thompson)",
       .source = "arXiv 2310.20708, 0912.3995 and 2002.09309"},
      {.name = "beta",
       .member = &GpOptions::beta,
       .minimum = 0,
       .maximum = 100,
       .help = "standard deviations below the mean that acquisition: confidence looks at"},
      {.name = "cost",
       .member = &GpOptions::cost,
       .help = "what improvement is to be had for: elapsed (study time), or a metric that counts from a trial's "
               "beginning; empty: every trial costs the same",
       .source = "arXiv 1206.2944, section 3.2, and 2003.10870"},
      {.name = "region",
       .member = &GpOptions::region,
       .choices = {"whole", "trust"},
       .help = "where to look: in the whole space, or in a box around the best trial that grows and shrinks with "
               "success (TuRBO); one objective",
       .source = "arXiv 1910.01739"}});
  return table;
}

/// Fits by what they were fitted to.
class FitCache {
 public:
  Result<SurrogateParameters> fit(const std::vector<math::Dimension>& dimensions, const Evidence& evidence) {
    for (const auto& [known, parameters] : fits_)
      if (known == evidence) return parameters;
    PEGBOX_TRY(SurrogateParameters parameters, Surrogate::fit(dimensions, evidence));
    fits_.emplace_front(evidence, parameters);
    if (fits_.size() > kFitsKept) fits_.pop_back();
    return parameters;
  }

 private:
  std::deque<std::pair<Evidence, SurrogateParameters>> fits_;
};

class GpSampler final : public Sampler {
 public:
  explicit GpSampler(GpOptions options) : options_(std::move(options)), costs_(options_.cost) {}

  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    taken_.update(history);
    believed_.clear();
    const Observations& all = observations_.update(history, history.trials);
    region_ = {};
    if (options_.region == "trust") region_ = region_after(history, all);
    const Observations recent = region_.first_trial > 0 ? since(all, region_.first_trial) : Observations{};
    const Observations& observations = region_.first_trial > 0 ? recent : all;
    const Space& beliefs = follow_beliefs(history);
    std::optional<Design> design;
    std::size_t trials = history.trials.size() - static_cast<std::size_t>(region_.first_trial);
    return suggest_each(count, key, taken_, [&](const RngKey& each) -> Result<std::optional<Suggestion>> {
      if (is_modelled(history, observations, trials++, options_.initial))
        return model(history, beliefs, observations, each);
      if (!design) design.emplace(history, beliefs, "gp");
      return design->next(taken_, each);
    });
  }

 private:
  /// The history's space with the priors to go by, made once for each state of the study file.
  const Space& follow_beliefs(const History& history) {
    if (!beliefs_ || observations_.restarts() != restarts_)
      beliefs_ = options_.central ? with_central_beliefs(history.spec.space) : history.spec.space;
    restarts_ = observations_.restarts();
    return *beliefs_;
  }

  TrustRegion region_after(const History& history, const Observations& observations) const {
    std::vector<TrialLoss> losses;
    for (const Measured& each : observations.measured)
      losses.push_back({each.trial, each.allowed ? each.losses.front() : kInfinity});
    const std::int64_t initial = options_.initial > 0 ? options_.initial : initial_trials(history.spec.space, 0);
    return follow_region(losses, history.spec.space.dimensions(), initial);
  }

  static Observations since(const Observations& all, std::int64_t first) {
    Observations kept;
    std::ranges::copy_if(all.measured, std::back_inserter(kept.measured),
                         [&](const Measured& each) { return each.trial >= first; });
    const auto is_kept = [&](std::int64_t trial) { return trial >= first; };
    std::ranges::copy_if(all.failed, std::back_inserter(kept.failed), is_kept);
    std::ranges::copy_if(all.pending, std::back_inserter(kept.pending), is_kept);
    return kept;
  }

  Result<std::optional<Suggestion>> model(const History& history, const Space& beliefs,
                                          const Observations& observations, const RngKey& key) {
    const Space& space = history.spec.space;
    const std::size_t objectives = history.spec.objectives.size();
    const auto weights = objectives > kMaxModelled ? draw_weights(objectives, key) : std::vector<double>();
    const Evidence evidence = make_evidence(history, observations, weights);
    PEGBOX_TRY(const auto parameters, hyperparameters(history, evidence, weights));
    PEGBOX_TRY(Surrogate surrogate, Surrogate::create(dimensions_of(space), evidence, parameters,
                                                      {options_.caution, required_success(observations)}));
    for (const std::int64_t trial : observations.pending)
      PEGBOX_CHECK(surrogate.believe(encode(space, unit_of(history, trial))));
    for (const auto& point : believed_) PEGBOX_CHECK(surrogate.believe(point));
    PEGBOX_CHECK(surrogate.judge_by(
        {criterion_kind(options_.acquisition), options_.beta, {key.seed, stream_id("gp draw"), key.trial}}));

    PEGBOX_TRY(const auto cost, costs_.model(history, evidence, fitted_trials(history.trials.size())));
    const std::size_t n = observations.measured.size() + observations.failed.size();
    AcquisitionProblem problem{.history = history,
                               .beliefs = beliefs,
                               .taken = taken_,
                               .surrogate = surrogate,
                               .incumbents = {},
                               .prior_weight = beliefs.has_prior() ? options_.prior_weight / static_cast<double>(n) : 0,
                               .cost = cost ? &*cost : nullptr,
                               .candidates = static_cast<int>(options_.candidates),
                               .key = key};
    const auto ranking = surrogate.ranking();
    for (std::size_t i = 0; i < std::min(kIncumbents, ranking.size()); ++i)
      problem.incumbents.push_back(unit_of(history, evidence.trials[ranking[i]]));
    math::Box box;
    if (options_.region == "trust" && region_.center) {
      problem.incumbents.insert(problem.incumbents.begin(), unit_of(history, *region_.center));
      box = box_of(region_, space, problem.incumbents.front(), parameters.losses[0][0].length_scales);
      problem.region = &box;
    }
    PEGBOX_TRY(auto chosen, maximize_acquisition(problem));
    if (!chosen) return std::nullopt;
    believed_.push_back(chosen->candidate.encoded);
    Json reason = explain(history, surrogate, *chosen, weights, problem.prior_weight);
    reason["acquisition_function"] = options_.acquisition;
    if (problem.region) reason["region"] = {{"since", region_.first_trial}, {"side", region_.side}};
    if (cost)
      reason["cost"] = {{"predicted", json_number(std::exp(cost->log_costs(chosen->candidate.encoded)[0]))},
                        {"weight", cost->weight}};
    return Suggestion{std::move(chosen->candidate.config), std::move(reason)};
  }

  Result<SurrogateParameters> hyperparameters(const History& history, const Evidence& evidence,
                                              std::span<const double> weights) {
    const auto dimensions = dimensions_of(history.spec.space);
    const std::size_t trials = fitted_trials(history.trials.size());
    if (trials == history.trials.size()) return fits_.fit(dimensions, evidence);
    const Observations& all_first = first_observations_.update(history, history.trials.first(trials));
    const Observations recent = region_.first_trial > 0 ? since(all_first, region_.first_trial) : Observations{};
    const Observations& first = region_.first_trial > 0 ? recent : all_first;
    if (first.measured.size() < kMinFitted || !first.has_finite()) return fits_.fit(dimensions, evidence);
    return fits_.fit(dimensions, make_evidence(history, first, weights));
  }

  static UnitPoint unit_of(const History& history, std::int64_t trial) {
    return history.spec.space.to_unit(history.trials[static_cast<std::size_t>(trial)].config);
  }

  static Json explain(const History& history, const Surrogate& surrogate, const Chosen& chosen,
                      std::span<const double> weights, double prior_weight) {
    const auto& objectives = history.spec.objectives;
    Json means = Json::array(), spreads = Json::array();
    for (std::size_t k = 0; k < (weights.empty() ? objectives.size() : 1); ++k) {
      const math::Prediction predicted = surrogate.predict(chosen.candidate.encoded, k);
      means.push_back(json_number((weights.empty() ? objectives[k].sign() : 1) * predicted.mean));
      spreads.push_back(json_number(predicted.standard_deviation()));
    }
    const bool several = means.size() > 1;
    Json reason = {{"by", "gp"},
                   {"acquisition", json_number(chosen.merit)},
                   {"predicted", {{"mean", several ? means : means[0]}, {"spread", several ? spreads : spreads[0]}}},
                   {"prior_weight", prior_weight}};
    if (const auto success = surrogate.success_probability(chosen.candidate.encoded)) reason["success"] = *success;
    if (!weights.empty()) reason["weights"] = std::vector<double>(weights.begin(), weights.end());
    return reason;
  }

  GpOptions options_;
  TakenConfigs taken_;
  ObservationCache observations_, first_observations_;  ///< of all trials, and of those of the fit
  std::uint64_t restarts_ = 0;                          ///< of observations_, when the beliefs were made
  std::optional<Space> beliefs_;
  FitCache fits_;
  TrustRegion region_;  ///< in the present call
  CostModeler costs_;
  std::vector<std::vector<double>> believed_;  ///< points suggested in the present call
};

Result<std::unique_ptr<Sampler>> make_gp(const StudySpec& spec, const Node& node) {
  PEGBOX_TRY(const GpOptions options, gp_fields().read(node));
  if (options.region == "trust" && spec.objectives.size() > 1)
    return fail(ErrorKind::InvalidInput, {.where = "search: region",
                                          .what = "a trust region has one best trial at its center",
                                          .got = fmt::format("{} objectives", spec.objectives.size()),
                                          .expected = "one objective",
                                          .hint = "leave region out"});
  return std::make_unique<GpSampler>(options);
}

}  // namespace

std::size_t fitted_trials(std::size_t trials) {
  const std::size_t stride = trials < 16 ? 1 : std::bit_floor(trials / 8);
  return trials / stride * stride;
}

SamplerRow gp_row() {
  return {"gp", "a Gaussian process of the loss, asked where improvement is to be expected", gp_fields().rows(),
          make_gp};
}

}  // namespace pegbox
