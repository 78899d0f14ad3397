// divergence: how far a row of logits is from a teacher's distribution, and its gradient, on plain fp32 arrays.
//
// A teacher is known by its likeliest tokens and by the probability of all others together. Divergences are of these
// events, the others being one: with all tokens known they are the divergences of the whole distributions, else
// their lower bounds (merging events never makes distributions less alike).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pegbox::train::kernels {

/// Between the teacher's probabilities p and the model's q (sums over events):
/// ForwardKl: sum of p log(p / q), Hinton et al. 2015. ReverseKl: sum of q log(q / p), MiniLLM (arXiv 2306.08543).
/// JensenShannon: b KL(p, m) + (1 - b) KL(q, m) with m = b p + (1 - b) q, GKD (arXiv 2306.13649); divided by b it is
/// ForwardKl as b goes to 0, divided by 1 - b ReverseKl as it goes to 1.
enum class Divergence : std::uint8_t { ForwardKl, ReverseKl, JensenShannon };
inline constexpr std::array<std::string_view, 3> kDivergenceNames = {"forward_kl", "reverse_kl", "jensen_shannon"};

struct DivergenceKind {
  Divergence divergence = Divergence::ForwardKl;
  float beta = 0.5f;      ///< of JensenShannon, between 0 and 1
  float temperature = 1;  ///< that logits are divided by; the teacher's probabilities are at the same
};

/// A teacher's distribution over `columns` tokens.
struct SoftLabel {
  const std::int32_t* tokens = nullptr;  ///< [count], each once; null: 0, 1, ..., count - 1
  const float* logarithms = nullptr;     ///< [count] of their probabilities, in nats
  std::int64_t count = 0;
  float rest = 0;  ///< logarithm of the probability of all other tokens; read if there are some
};

/// Adds `factor` * d(divergence)/d(logits) to gradient [columns] and returns the divergence. logits [columns] become
/// something else; `scratch` [2 count].
double divergence(std::int64_t columns, float* logits, const SoftLabel& label, const DivergenceKind& kind, float factor,
                  float* gradient, float* scratch);

}  // namespace pegbox::train::kernels
