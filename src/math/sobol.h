// Sobol: scrambled Sobol points with random access, so that point i of a study needs no state but i.
//
// Direction numbers: Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci.
// Comput. 30 (2008), as tabled by Boost.Random. Scrambling: a random lower triangular matrix and a digital shift in
// each dimension (Matousek, "On the L2-discrepancy for anchored boxes", J. Complexity 14 (1998)), which keeps every
// elementary interval of a digital net equally filled and makes each single point uniform.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/rng.h"

namespace pegbox::math {

class Sobol {
 public:
  static constexpr int kMaxDimensions = 3667;
  static constexpr std::uint64_t kMaxPoints = 1ull << 32;

  /// A scrambled sequence; different keys give independent scramblings. InvalidInput unless 1 <= dimensions <= 3667.
  static Result<Sobol> create(int dimensions, const RngKey& key);
  /// The plain sequence; its point 0 is the origin. For tests and for comparison with the literature.
  static Result<Sobol> unscrambled(int dimensions);

  int dimensions() const { return dimensions_; }

  /// Writes point `index` (< kMaxPoints) in [0, 1)^d to `out` of length d. The order is that of the index's Gray code,
  /// which is the usual one: the first 2^m points are the same set in either order.
  void point(std::uint64_t index, std::span<double> out) const;
  std::vector<double> point(std::uint64_t index) const;
  std::vector<double> points(std::uint64_t first, int count) const;  // [count, d], row by row

 private:
  explicit Sobol(int dimensions);
  void scramble(const RngKey& key);

  int dimensions_ = 0;
  std::vector<std::uint64_t> columns_;  // [kIndexBits, d]: 53-bit columns of the generator matrices
  std::vector<std::uint64_t> shift_;    // [d]: digital shift
};

}  // namespace pegbox::math
