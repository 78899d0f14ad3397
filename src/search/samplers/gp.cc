// gp: a Gaussian process of the loss, asked where improvement is to be expected.
#include "search/samplers/gp.h"

#include <algorithm>
#include <bit>
#include <deque>

#include "search/samplers/acquisition_search.h"
#include "search/samplers/central_beliefs.h"
#include "search/samplers/design.h"
#include "search/samplers/evidence.h"
#include "search/samplers/repeats.h"

namespace pegbox {
namespace {

constexpr std::size_t kIncumbents = 5;  ///< observations around which candidates are looked for
constexpr std::size_t kFitsKept = 4;
constexpr std::size_t kMinFitted = 4;  ///< measured trials for a fit to a part of them

struct GpOptions {
  std::int64_t initial = 0;
  double prior_weight = 2;
  std::int64_t candidates = 256;
  bool central = true;
  bool repeats = false;
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
      {.name = "repeats",
       .member = &GpOptions::repeats,
       .help =
           "one of the best configurations is tried again with a new seed when that is worth more than a new one"}});
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
  explicit GpSampler(GpOptions options) : options_(options) {}

  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    taken_.update(history);
    believed_.clear();
    const Space beliefs = options_.central ? with_central_beliefs(history.spec.space) : history.spec.space;
    Design design(history, beliefs, "gp");
    const Observations& observations = observations_.update(history, history.trials);
    std::vector<Suggestion> suggestions;
    for (int i = 0; i < count; ++i, ++key.trial) {
      const bool modelled = is_modelled(history, observations, history.trials.size() + static_cast<std::size_t>(i));
      PEGBOX_TRY(auto suggestion, modelled ? model(history, beliefs, observations, key) : design.next(taken_, key));
      if (!suggestion) break;
      taken_.add(suggestion->config);
      suggestions.push_back(std::move(*suggestion));
    }
    return suggestions;
  }

 private:
  /// Whether there is something to fit: the design is made, half of it has come back, and some loss is finite.
  bool is_modelled(const History& history, const Observations& observations, std::size_t trials) const {
    const int d = history.spec.space.dimensions();
    const std::int64_t initial =
        options_.initial > 0 ? options_.initial : initial_trials(history.spec.space, history.spec.budget.trials);
    const std::int64_t measured = std::ssize(observations.measured);
    return d > 0 && static_cast<std::int64_t>(trials) >= initial && measured >= std::min<std::int64_t>(2, initial) &&
           2 * measured >= initial && observations.has_finite();
  }

  Result<std::optional<Suggestion>> model(const History& history, const Space& beliefs,
                                          const Observations& observations, const RngKey& key) {
    const Space& space = history.spec.space;
    const auto weights = draw_weights(history.spec.objectives.size(), key);
    const Evidence evidence = make_evidence(history, observations, weights);
    PEGBOX_TRY(const auto parameters, hyperparameters(history, evidence, weights));
    PEGBOX_TRY(Surrogate surrogate, Surrogate::create(dimensions_of(space), evidence, parameters));
    for (const std::int64_t trial : observations.pending)
      PEGBOX_CHECK(surrogate.believe(encode(space, unit_of(history, trial))));
    for (const auto& point : believed_) PEGBOX_CHECK(surrogate.believe(point));

    const std::size_t n = observations.measured.size() + observations.failed.size();
    AcquisitionProblem problem{.history = history,
                               .beliefs = beliefs,
                               .taken = taken_,
                               .surrogate = surrogate,
                               .incumbents = {},
                               .prior_weight = beliefs.has_prior() ? options_.prior_weight / static_cast<double>(n) : 0,
                               .candidates = static_cast<int>(options_.candidates),
                               .key = key};
    const auto ranking = surrogate.ranking();
    for (std::size_t i = 0; i < std::min(kIncumbents, ranking.size()); ++i)
      problem.incumbents.push_back(unit_of(history, evidence.trials[ranking[i]]));
    PEGBOX_TRY(auto chosen, maximize_acquisition(problem));
    if (!chosen) return std::nullopt;
    if (options_.repeats)
      if (const auto repeat = choose_repeat(history, surrogate, evidence, chosen->candidate.encoded)) {
        believed_.push_back(encode(space, unit_of(history, repeat->trial)));
        return Suggestion{history.trials[static_cast<std::size_t>(repeat->trial)].config, reason_of(*repeat)};
      }
    believed_.push_back(chosen->candidate.encoded);
    Json reason = explain(history, surrogate, *chosen, weights, problem.prior_weight);
    return Suggestion{std::move(chosen->candidate.config), std::move(reason)};
  }

  Result<SurrogateParameters> hyperparameters(const History& history, const Evidence& evidence,
                                              std::span<const double> weights) {
    const auto dimensions = dimensions_of(history.spec.space);
    const std::size_t trials = fitted_trials(history.trials.size());
    if (trials == history.trials.size()) return fits_.fit(dimensions, evidence);
    const Observations& first = first_observations_.update(history, history.trials.first(trials));
    if (first.measured.size() < kMinFitted || !first.has_finite()) return fits_.fit(dimensions, evidence);
    return fits_.fit(dimensions, make_evidence(history, first, weights));
  }

  static UnitPoint unit_of(const History& history, std::int64_t trial) {
    return history.spec.space.to_unit(history.trials[static_cast<std::size_t>(trial)].config);
  }

  static Json explain(const History& history, const Surrogate& surrogate, const Chosen& chosen,
                      std::span<const double> weights, double prior_weight) {
    const math::Prediction predicted = surrogate.predict(chosen.candidate.encoded);
    const bool several = weights.size() > 1;
    const double mean = several ? predicted.mean : history.spec.objective().sign() * predicted.mean;
    Json reason = {
        {"by", "gp"},
        {"acquisition", json_number(chosen.merit)},
        {"predicted", {{"mean", json_number(mean)}, {"spread", json_number(predicted.standard_deviation())}}},
        {"prior_weight", prior_weight}};
    if (several) reason["weights"] = std::vector<double>(weights.begin(), weights.end());
    return reason;
  }

  GpOptions options_;
  TakenConfigs taken_;
  ObservationCache observations_, first_observations_;  ///< of all trials, and of those of the fit
  FitCache fits_;
  std::vector<std::vector<double>> believed_;  ///< points suggested in the present call
};

Result<std::unique_ptr<Sampler>> make_gp(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const GpOptions options, gp_fields().read(node));
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
