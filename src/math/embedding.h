// Embedding: points as columns of numbers in which all distances of the kernel are plain ones. Internal to this room
// (the one header with Eigen in it, besides marginal_likelihood.h).
//
// Letters: n and m points, d dimensions, e real columns (two for a conditional real dimension), c categorical columns.
// Real coordinates go through their warps first, if there are any.
#pragma once

#include <Eigen/Dense>
#include <span>
#include <vector>

#include "math/kernel.h"

namespace pegbox::math {

struct EmbeddedPoints {
  Eigen::MatrixXd real;         // [n, e]
  Eigen::MatrixXd categorical;  // [n, c]: the index of the choice, -1 where inactive

  Eigen::Index size() const { return real.rows(); }
  void append(const EmbeddedPoints& other);
};

/// Covariances and their derivatives by r^2 (see kernel.h), all of one shape.
struct KernelValues {
  Eigen::ArrayXXd value;  // k
  Eigen::ArrayXXd slope;  // d k / d r^2
};

/// Derivatives of the real columns by the logarithms of the warp of each one's dimension.
struct WarpGradients {
  Eigen::MatrixXd by_log_a, by_log_b;  // [n, e]
};

/// Matern 5/2 times exp(-q).
KernelValues kernel_values(const Eigen::ArrayXXd& r_squared, const Eigen::ArrayXXd& q, double signal_variance);

class Embedding {
 public:
  explicit Embedding(std::vector<Dimension> dimensions, std::vector<Warp> warps = {});  // warps: [d], or none

  const std::vector<Dimension>& dimensions() const { return dimensions_; }
  const std::vector<int>& real_columns() const { return real_columns_; }                // [e]: the dimension of each
  const std::vector<int>& categorical_columns() const { return categorical_columns_; }  // [c]

  EmbeddedPoints embed(std::span<const double> points) const;          // [n, d]
  WarpGradients warp_gradients(std::span<const double> points) const;  // [n, d]; there are warps

  /// Covariances of a's points (rows) with b's (columns): [n, m].
  KernelValues cross(const EmbeddedPoints& a, const EmbeddedPoints& b, const Hyperparameters& hyperparameters) const;

  /// Derivative by each coordinate of `point` of sum_i c_i k(x_i, point), given c_i * (d k / d r^2)_i.
  std::vector<double> gradient(const EmbeddedPoints& points, std::span<const double> point,
                               const Hyperparameters& hyperparameters, const Eigen::VectorXd& coefficients) const;

  /// Derivative by each coordinate of `point`, given that by each real column of its embedding [e].
  std::vector<double> pull_back(std::span<const double> point, const Eigen::VectorXd& by_column) const;

 private:
  std::vector<Dimension> dimensions_;
  std::vector<Warp> warps_;
  std::vector<int> real_columns_;
  std::vector<int> categorical_columns_;
};

}  // namespace pegbox::math
