// Points as columns, covariances in bulk.
#include "math/embedding.h"

#include <cmath>

namespace pegbox::math {
namespace {

// Where a coordinate lies in the plane of the arc, or on the line (second stays 0), and its derivative.
struct Place {
  double first = 0, second = 0;
  double first_slope = 0, second_slope = 0;
};

Place place_of(const Dimension& dimension, double x) {
  if (!dimension.conditional) return {.first = x, .first_slope = 1};
  if (std::isnan(x)) return {};
  const double cosine = std::cos(x / kArcRadius), sine = std::sin(x / kArcRadius);
  return {kArcRadius * cosine, kArcRadius * sine, -sine, cosine};
}

void append_rows(Eigen::MatrixXd& matrix, const Eigen::MatrixXd& rows) {
  const Eigen::Index before = matrix.rows();
  matrix.conservativeResize(before + rows.rows(), Eigen::NoChange);
  matrix.bottomRows(rows.rows()) = rows;
}

}  // namespace

void EmbeddedPoints::append(const EmbeddedPoints& other) {
  append_rows(real, other.real);
  append_rows(categorical, other.categorical);
}

KernelValues kernel_values(const Eigen::ArrayXXd& r_squared, const Eigen::ArrayXXd& q, double signal_variance) {
  const Eigen::ArrayXXd a = (5 * r_squared).sqrt();
  const Eigen::ArrayXXd scaled = signal_variance * (-a - q).exp();
  return {.value = scaled * (1 + a + a.square() / 3), .slope = scaled * (1 + a) * (-5.0 / 6)};
}

Embedding::Embedding(std::vector<Dimension> dimensions, std::vector<Warp> warps)
    : dimensions_(std::move(dimensions)), warps_(std::move(warps)) {
  for (int j = 0; j < static_cast<int>(dimensions_.size()); ++j) {
    if (dimensions_[j].kind == DimensionKind::Categorical) {
      categorical_columns_.push_back(j);
    } else {
      real_columns_.push_back(j);
      if (dimensions_[j].conditional) real_columns_.push_back(j);
    }
  }
}

EmbeddedPoints Embedding::embed(std::span<const double> points) const {
  const Eigen::Index d = dimensions_.size(), n = points.size() / d;
  EmbeddedPoints embedded{Eigen::MatrixXd(n, real_columns_.size()), Eigen::MatrixXd(n, categorical_columns_.size())};
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto row = points.subspan(i * d, d);
    for (std::size_t column = 0; column < real_columns_.size(); ++column) {
      const int j = real_columns_[column];
      const Place place = place_of(dimensions_[j], warps_.empty() ? row[j] : warped(warps_[j], row[j]));
      embedded.real(i, column) = place.first;
      if (dimensions_[j].conditional) embedded.real(i, ++column) = place.second;
    }
    for (std::size_t column = 0; column < categorical_columns_.size(); ++column) {
      const double x = row[categorical_columns_[column]];
      embedded.categorical(i, column) = std::isnan(x) ? -1 : x;
    }
  }
  return embedded;
}

KernelValues Embedding::cross(const EmbeddedPoints& a, const EmbeddedPoints& b,
                              const Hyperparameters& hyperparameters) const {
  Eigen::ArrayXXd r_squared = Eigen::ArrayXXd::Zero(a.size(), b.size());
  Eigen::ArrayXXd q = Eigen::ArrayXXd::Zero(a.size(), b.size());
  const auto weight = [&](int j) { return 1 / (hyperparameters.length_scales[j] * hyperparameters.length_scales[j]); };
  for (Eigen::Index i = 0; i < b.size(); ++i) {
    for (std::size_t column = 0; column < real_columns_.size(); ++column)
      r_squared.col(i) += (a.real.col(column).array() - b.real(i, column)).square() * weight(real_columns_[column]);
    for (std::size_t column = 0; column < categorical_columns_.size(); ++column)
      q.col(i) += (a.categorical.col(column).array() != b.categorical(i, column)).cast<double>() *
                  weight(categorical_columns_[column]);
  }
  return kernel_values(r_squared, q, hyperparameters.signal_variance);
}

std::vector<double> Embedding::gradient(const EmbeddedPoints& points, std::span<const double> point,
                                        const Hyperparameters& hyperparameters,
                                        const Eigen::VectorXd& coefficients) const {
  // d D / d x = 2 (e(x) - e(y)) . e'(x), so the sum over points needs only sum c_i and sum c_i e(x_i).
  const double sum = coefficients.sum();
  const EmbeddedPoints x = embed(point);
  Eigen::VectorXd by_column = sum * x.real.row(0).transpose() - points.real.transpose() * coefficients;  // [e]
  for (std::size_t column = 0; column < real_columns_.size(); ++column) {
    const double length = hyperparameters.length_scales[real_columns_[column]];
    by_column[column] *= 2 / (length * length);
  }
  return pull_back(point, by_column);
}

std::vector<double> Embedding::pull_back(std::span<const double> point, const Eigen::VectorXd& by_column) const {
  std::vector<double> gradient(dimensions_.size(), 0.0);
  for (std::size_t column = 0; column < real_columns_.size(); ++column) {
    const int j = real_columns_[column];
    const WarpSlopes seen = warps_.empty() ? WarpSlopes{.value = point[j]} : warp_with_slopes(warps_[j], point[j]);
    const Place place = place_of(dimensions_[j], seen.value);
    double slope = by_column[column] * place.first_slope;
    if (dimensions_[j].conditional) slope += by_column[++column] * place.second_slope;
    if (!std::isnan(point[j])) gradient[j] = slope * seen.by_x;
  }
  return gradient;
}

WarpGradients Embedding::warp_gradients(std::span<const double> points) const {
  const Eigen::Index d = dimensions_.size(), n = points.size() / d, columns = real_columns_.size();
  WarpGradients gradients{Eigen::MatrixXd::Zero(n, columns), Eigen::MatrixXd::Zero(n, columns)};
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index column = 0; column < columns; ++column) {
      const int j = real_columns_[column];
      const double x = points[i * d + j];
      if (std::isnan(x)) continue;
      const WarpSlopes seen = warp_with_slopes(warps_[j], x);
      const Place place = place_of(dimensions_[j], seen.value);
      const bool second = column > 0 && real_columns_[column - 1] == j;
      const double slope = second ? place.second_slope : place.first_slope;
      gradients.by_log_a(i, column) = slope * seen.by_log_a;
      gradients.by_log_b(i, column) = slope * seen.by_log_b;
    }
  return gradients;
}

}  // namespace pegbox::math
