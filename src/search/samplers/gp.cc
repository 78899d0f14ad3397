// gp: a Gaussian process of the loss, asked where improvement is to be expected.
#include "search/samplers/gp.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>

#include "search/samplers/acquisition_search.h"
#include "search/samplers/central_beliefs.h"
#include "search/samplers/design.h"
#include "search/samplers/evidence.h"
#include "search/samplers/source_models.h"
#include "search/samplers/suggest_each.h"
#include "search/samplers/transfer_design.h"
#include "search/samplers/trust_region.h"

namespace pegbox {
namespace {

constexpr std::size_t kIncumbents = 5;   ///< observations around which candidates are looked for
constexpr std::size_t kMaxModelled = 3;  ///< objectives that have a model each
constexpr std::size_t kFitsKept = 4;
constexpr std::size_t kMinFitted = 4;  ///< measured trials for a fit to a part of them

/// Whether looking around costs little and nobody has said where to look: most trials rest early, it is not trials that
/// are counted, and the space has no prior (with one it was not measured). Early losses
/// are a narrow view, which may show a plain where the best places have not begun to learn; and while trials are cheap,
/// a wide look around is worth as much as the model's advice (docs/LOG.md).
bool is_cheap_to_explore(const History& history) {
  const std::size_t early = history.in_state(TrialState::Paused).size() + history.in_state(TrialState::Stopped).size();
  return history.planned_trials == 0 && !history.spec.space.has_prior() && 2 * early > history.trials.size();
}

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
  bool warp = false;
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
      {.name = "warp",
       .member = &GpOptions::warp,
       .help =
           "from 16 results on the model learns a monotone warp of each number: for losses that are steep at one end "
           "of a range and flat at the other",
       .source = "arXiv 1402.0929 and 2012.03826"},
      {.name = "region",
       .member = &GpOptions::region,
       .choices = {"whole", "trust"},
       .help = "where to look: in the whole space, or in a box around the best trial that grows with success and "
               "shrinks without; trust is for one objective",
       .source = "arXiv 1910.01739"}});
  return table;
}

/// Fits by what they were fitted to.
class FitCache {
 public:
  explicit FitCache(bool warp) : warp_(warp) {}

  Result<SurrogateParameters> fit(const std::vector<math::Dimension>& dimensions, const Evidence& evidence) {
    for (const auto& [known, parameters] : fits_)
      if (known == evidence) return parameters;
    PEGBOX_TRY(SurrogateParameters parameters, Surrogate::fit(dimensions, evidence, warp_));
    fits_.emplace_front(evidence, parameters);
    if (fits_.size() > kFitsKept) fits_.pop_back();
    return parameters;
  }

 private:
  bool warp_;
  std::deque<std::pair<Evidence, SurrogateParameters>> fits_;
};

class GpSampler final : public Sampler {
 public:
  explicit GpSampler(GpOptions options) : options_(std::move(options)), fits_(options_.warp), costs_(options_.cost) {}

  bool learns_from_sources() const override { return true; }

  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    taken_.update(history);
    believed_.clear();
    const Observations& all = observations_.update(history, history.trials);
    const Space& beliefs = follow_beliefs(history);
    PEGBOX_CHECK(earlier_.update(history, observations_.restarts()));
    const std::int64_t initial = earlier_.any() ? static_cast<std::int64_t>(kTransferTrials) : options_.initial;
    required_success_ = required_success(all);
    region_ = options_.region == "trust" ? region_after(history, all, initial) : TrustRegion{};
    Observations recent;
    const Observations& observations = of_region(all, recent);
    std::optional<Design> design;
    std::size_t trials = history.trials.size() - static_cast<std::size_t>(region_.first_trial);
    return suggest_each(count, key, taken_, [&](const RngKey& each) -> Result<std::optional<Suggestion>> {
      const std::size_t number = trials++;
      const bool by_sources = earlier_.any() && number % 2 == 0;
      const std::size_t own = earlier_.any() ? number / 2 : number;  // of those that go by the study alone
      const bool explores = !by_sources && own % 2 == 1 && is_cheap_to_explore(history);
      if (!explores && is_modelled(history, observations, number, initial))
        return model(history, beliefs, observations, each, by_sources);
      if (by_sources) return begin_from_sources(history, beliefs, each);
      PEGBOX_TRY(auto known, suggest_best_of_sources(history, taken_));
      if (known) return known;
      if (!design) design.emplace(history, beliefs, believed(without_priors(history.spec.space)), "gp");
      return design->next(taken_, each);
    });
  }

 private:
  /// The history's space with the priors to go by, made once for each state of the study file.
  const Space& follow_beliefs(const History& history) {
    if (!beliefs_ || observations_.restarts() != restarts_) beliefs_ = believed(history.spec.space);
    restarts_ = observations_.restarts();
    return *beliefs_;
  }

  Space believed(const Space& space) const { return options_.central ? with_central_beliefs(space) : space; }

  static TrustRegion region_after(const History& history, const Observations& observations, std::int64_t initial) {
    const Space& space = history.spec.space;
    if (initial == 0) initial = initial_trials(space, history.spec.budget.trials);
    return follow_region(observations.measured, space.dimensions(), initial);
  }

  /// The observations of the region's own trials: `all`, or those among them that `recent` is made to hold.
  const Observations& of_region(const Observations& all, Observations& recent) const {
    if (region_.first_trial == 0) return all;
    recent = since(all, region_.first_trial);
    return recent;
  }

  /// The region around the best of the ranking that is allowed, by the mean of the draws' length scales; nothing: the
  /// whole space.
  std::optional<RegionBounds> bounds(const History& history, const Evidence& evidence,
                                     std::span<const std::size_t> ranking,
                                     const SurrogateParameters& parameters) const {
    if (options_.region != "trust") return std::nullopt;
    const auto best = std::ranges::find_if(ranking, [&](std::size_t i) { return evidence.allowed[i]; });
    const UnitPoint center = unit_of(history, evidence.trials[best == ranking.end() ? ranking.front() : *best]);
    std::vector<double> logs(center.at.size(), 0.0);
    for (const auto& draw : parameters.losses)
      for (std::size_t axis = 0; axis < logs.size(); ++axis)
        logs[axis] += std::log(draw[0].length_scales[axis]) / static_cast<double>(parameters.losses.size());
    return bounds_of(region_, history.spec.space, center, logs);
  }

  /// `by_sources`: the model learns the difference to what earlier studies foretell. Every second trial goes by the
  /// study alone: where sources are nearly right, trials gather at one place, what is tried there differs from them
  /// alike, and the difference seems certain where it was never looked at.
  Result<std::optional<Suggestion>> model(const History& history, const Space& beliefs,
                                          const Observations& observations, const RngKey& key, bool by_sources) {
    const Space& space = history.spec.space;
    const std::size_t objectives = history.spec.objectives.size();
    const auto weights = objectives > kMaxModelled ? draw_weights(objectives, key) : std::vector<double>();
    std::vector<SourceModels> sources;
    if (by_sources) {
      PEGBOX_TRY(sources, earlier_.of(history, weights));
    }
    Evidence evidence = make_evidence(history, observations, weights);
    expect_from_sources(sources, evidence);
    PEGBOX_TRY(const auto parameters, hyperparameters(history, evidence, weights, sources));
    PEGBOX_TRY(Surrogate surrogate,
               Surrogate::create(dimensions_of(space), evidence, parameters, {options_.caution, required_success_}));
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
    const auto region = bounds(history, evidence, ranking, parameters);
    problem.region = region ? &*region : nullptr;
    for (std::size_t i = 0; i < ranking.size() && problem.incumbents.size() < kIncumbents; ++i) {
      UnitPoint unit = unit_of(history, evidence.trials[ranking[i]]);
      if (!region || region->contains(unit)) problem.incumbents.push_back(std::move(unit));
    }
    PEGBOX_TRY(auto chosen, maximize_acquisition(problem));
    if (!chosen) return std::nullopt;
    believed_.push_back(chosen->candidate.encoded);
    Json reason = explain(history, surrogate, *chosen, weights, problem.prior_weight);
    reason["acquisition_function"] = options_.acquisition;
    if (region) reason["region"] = {{"since", region_.first_trial}, {"side", region_.side}};
    if (cost)
      reason["cost"] = {{"predicted", json_number(std::exp(cost->log_costs(chosen->candidate.encoded)[0]))},
                        {"weight", cost->weight}};
    for (const PriorMean& prior : evidence.priors)
      if (prior.at && !reason.contains("transfer")) reason["transfer"] = source_weights(history, *prior.at);
    return Suggestion{std::move(chosen->candidate.config), std::move(reason)};
  }

  Result<SurrogateParameters> hyperparameters(const History& history, const Evidence& evidence,
                                              std::span<const double> weights,
                                              const std::vector<SourceModels>& sources) {
    const auto dimensions = dimensions_of(history.spec.space);
    const std::size_t trials = fitted_trials(history.trials.size());
    if (trials == history.trials.size()) return fits_.fit(dimensions, evidence);
    const Observations& all_first = first_observations_.update(history, history.trials.first(trials));
    Observations recent;
    const Observations& first = of_region(all_first, recent);
    if (first.measured.size() < kMinFitted || !first.has_finite()) return fits_.fit(dimensions, evidence);
    Evidence of_first = make_evidence(history, first, weights);
    expect_from_sources(sources, of_first);
    return fits_.fit(dimensions, of_first);
  }

  Result<std::optional<Suggestion>> begin_from_sources(const History& history, const Space& beliefs,
                                                       const RngKey& key) const {
    PEGBOX_TRY(const auto models, earlier_.of(history, {}));
    return suggest_from_sources(history, beliefs, models, taken_, key);
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
  TrustRegion region_;           ///< in the present call
  double required_success_ = 0;  ///< in the present call
  FitCache fits_;
  CostModeler costs_;
  EarlierModels earlier_;
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
  if (node.has("beta") && options.acquisition != "confidence")
    return fail(ErrorKind::InvalidInput, {.where = "search: beta",
                                          .what = "no other acquisition has a beta",
                                          .got = "acquisition " + options.acquisition,
                                          .expected = "acquisition: confidence",
                                          .hint = "leave beta out"});
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
