// Simplex: mixture weights to stick-breaking coordinates and back.
//
// The first axis u gives the first of k weights as 1 - u^(1 / (k - 1)), the next the second as a part of what is left,
// and so on; the last weight is the rest. Uniform coordinates give weights that are uniform over the simplex (a
// Dirichlet distribution with all parameters 1: each part is a Beta(1, number of weights that follow)). Weights are
// multiples of 1e-9 that sum to 1 exactly when counted so, which makes the map exact both ways.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pegbox {

inline constexpr int kMaxSimplexComponents = 32;  ///< beyond, the smallest coordinates leave the range of doubles

std::vector<double> simplex_weights(std::span<const double> at);               ///< [k - 1] -> [k]
std::vector<double> simplex_coordinates(std::span<const double> weights);      ///< [k] -> [k - 1]
std::vector<double> rounded_simplex_weights(std::span<const double> weights);  ///< to the grid; sum about 1

}  // namespace pegbox
