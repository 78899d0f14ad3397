// SourceModel: what an earlier study says of a loss, as a function over the present space: the posterior mean of a
// Gaussian process that was fitted to its observations alone, on the axes that both studies have.
//
// Letters: m points asked about, d axes of the space, s axes that the source knows.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "math/expected_improvement.h"
#include "math/gaussian_process.h"
#include "search/event.h"
#include "search/space.h"
#include "search/study_spec.h"

namespace pegbox {

/// Fewer observations give no model.
inline constexpr std::size_t kMinSourceTrials = 3;

class SourceModel {
 public:
  /// Of one loss: the `objective`-th, or, with weights of all objectives, the scalarized one. Nothing if the source
  /// does not measure it, has too few observations of it, or knows no axis of the space (the study file has changed).
  /// The same source gives the same model.
  static Result<std::optional<SourceModel>> fit(const Space& space, const event::SourceAdded& source,
                                                std::span<const Objective> objectives, std::size_t objective,
                                                std::span<const double> weights);

  /// In standard deviations of the source's losses (the bad ones squeezed, as in rank_warp.h). Points are as `encode`
  /// makes them. [m, d] -> [m]
  std::vector<double> mean_all(std::span<const double> points) const;
  math::Acquisition mean_with_gradient(std::span<const double> point) const;

  /// One such standard deviation, in units of the loss.
  double spread() const { return process_.target_scale(); }

  std::size_t dimensions() const { return dimensions_; }  ///< d

  /// The source's observations by predicted loss, best first, as indices of its trials.
  const std::vector<std::size_t>& ranking() const { return ranking_; }

 private:
  /// One axis that the source knows: its own unit interval is [low, low + length] of the space's axis; length 0: a
  /// category.
  struct Column {
    std::size_t axis = 0;
    double low = 0, length = 0;
  };
  SourceModel(std::vector<Column> columns, std::size_t dimensions, math::GaussianProcess process)
      : columns_(std::move(columns)), dimensions_(dimensions), process_(std::move(process)) {}
  static void append_own(std::span<const double> point, std::span<const Column> columns, std::vector<double>& own);
  std::vector<double> own(std::span<const double> points) const;  // [m, d] -> [m, s]

  std::vector<Column> columns_;  // [s]
  std::size_t dimensions_;       // d
  math::GaussianProcess process_;
  std::vector<std::size_t> ranking_;
};

}  // namespace pegbox
