// Training health: what is wrong with a trial's training, from the curves that its reports make. Nothing is trained,
// and nothing is read but the log. A suggestion is something to try, not a result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "search/history.h"

namespace pegbox {

/// From when something is worth saying. They were set on runs with planted faults and on healthy ones
/// (bench/diagnose.py), and are told with each finding.
struct HealthThresholds {
  static constexpr std::size_t kFewestPoints = 5;  ///< of a curve: fewer have no shape
  /// A rise or a fall counts above two standard errors, where a trial reports them, above three times the curve's own
  /// noise, and above this part of all that the curve fell.
  static constexpr double kOfRange = 0.05;
  static constexpr double kSpike = 4;        ///< a spike is so many times the usual distance above the mean loss
  static constexpr double kSpikeLoss = 0.2;  ///< and this part of the mean loss
  /// And so many nats: the right tokens' mean probability falls to 61 % of what it was. Of a small loss, what batches
  /// differ by is a large part.
  static constexpr double kSpikeNats = 0.5;
  static constexpr double kGradients = 5;  ///< gradients grow if they end so many times above where they were least
  static constexpr double kLateProgress = 0.2;  ///< of all, in the last quarter: a straight line makes a quarter
  static constexpr double kPlateau = 0.01;      ///< of all progress, in the second half
  static constexpr double kWorseThanGuess = 1;  ///< nats above the log of the number of tokens or classes
  /// Rates are compared with those of the best quarter of the trials, of which there must be three at least.
  static constexpr double kRateFactor = 2;
};

/// A guess that gives all that a model chooses among the same probability.
struct EvenGuess {
  double loss = 0;                 ///< in nats; 0: not known, or what is trained on is another loss
  std::string_view of = "tokens";  ///< that it is among: tokens, or the classes of a classifier
};

/// Of one trial, by step. `validation` is to be small: of an objective that is maximized it has the negative values.
struct TrainingCurves {
  struct Point {
    double step = 0, value = 0, error = 0;  ///< `error`: standard error; 0: not known
  };
  std::string metric;             ///< that `validation` is of: validation_loss, else the first objective
  std::vector<Point> validation;  ///< finite ones
  std::vector<Point> training;    ///< train_loss: the mean since the report before
  std::vector<Point> largest;     ///< largest_loss: of a step since then
  std::vector<Point> gradients;   ///< gradient_norm: the mean since then
  double sign = 1;                ///< times a value of `validation`: that of the metric
  EvenGuess guess;
  double length = 0;          ///< of a full trial, in steps; 0: not known
  bool has_stages = false;    ///< of a stream: at each, losses and gradients begin anew
  bool is_done = false;       ///< ran to its end
  bool has_diverged = false;  ///< or has reported what is no number
};

struct HealthFinding {
  std::string_view name;              ///< "overfitting"
  std::string what;                   ///< with numbers
  std::vector<std::string> bears_on;  ///< hyperparameters, by the names of the built-in trainer
  std::string hint;                   ///< what to try
};

/// `described`: values that the study's worker described, of which `vocabulary` and, of a classifier, `classes` are
/// used.
TrainingCurves curves_of(const History& history, const Trial& trial, const Json& described);

/// What a trial's own curves show, the gravest first. Of a stream, no shape is judged: while a set is learned the joint
/// loss falls to the end, at the next one the training loss jumps and the gradients of consolidation's penalty grow.
std::vector<HealthFinding> health_of(const TrainingCurves& curves);

/// What the learning rates of all trials say of this one's: too high or too low for what the best quarter had. Nothing
/// where `learning_rate` is not searched, or the trial is among the better half.
std::vector<HealthFinding> rate_health(const History& history, const Trial& trial);

struct TrialHealth {
  std::int64_t trial = 0;
  std::vector<HealthFinding> findings;
  std::string unjudged;  ///< why the shapes of its curves were not judged; empty: they were
};

/// Of all trials that ran, by number. `described` as of curves_of.
std::vector<TrialHealth> study_health(const History& history, const Json& described);

Json to_json(const std::vector<TrialHealth>& health);

}  // namespace pegbox
