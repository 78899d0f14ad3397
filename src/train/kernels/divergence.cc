// divergence: see divergence.h.
//
// With q_e the model's probability of an event and h_e = d(divergence)/d(q_e), the gradient of a token's logit over the
// temperature is q (h_e - sum of q h), e being the token's event. Terms that all h share fall out. What is kept of an
// event is a_e = q_e h_e, which stays finite where q_e is 0.
#include "train/kernels/divergence.h"

#include <cmath>

#include "train/kernels/by_cpu.h"
#include "train/kernels/vector_math.h"

namespace pegbox::train::kernels {

namespace {

constexpr float kLeastLogarithm = -80;  // e to it is a normal number

/// Of one event.
struct EventTerms {
  float divergence, weight;  // `weight`: a_e
};

/// `p`, `q`: logarithms of probabilities.
template <Divergence kDivergence>
PEGBOX_BODY EventTerms event_terms(float p, float q, float beta) {
  const float teacher = fast_exp(p), model = fast_exp(q);
  if constexpr (kDivergence == Divergence::ForwardKl) return {teacher * (p - q), -teacher};
  if constexpr (kDivergence == Divergence::ReverseKl) return {model * (q - p), model * (q - p)};
  const float mean = fast_log(beta * teacher + (1 - beta) * model);
  const float own = (1 - beta) * model * (q - mean);
  return {beta * teacher * (p - mean) + own, own};
}

/// The terms of `count` events; `q` becomes a_e. Their sum of divergences, and that of a_e.
struct EventSums {
  double divergence = 0, weight = 0;
};
template <Divergence kDivergence>
PEGBOX_BODY EventSums all_terms(std::int64_t count, const float* logarithms, float* q, float beta) {
  float divergence = 0, weight = 0;
#pragma omp simd reduction(+ : divergence, weight)
  for (std::int64_t i = 0; i < count; ++i) {
    const float own = q[i] > kLeastLogarithm ? q[i] : kLeastLogarithm;
    const float teacher = logarithms[i] > kLeastLogarithm ? logarithms[i] : kLeastLogarithm;
    const EventTerms terms = event_terms<kDivergence>(teacher, own, beta);
    divergence += terms.divergence;
    weight += terms.weight;
    q[i] = terms.weight;
  }
  return {divergence, weight};
}

PEGBOX_BODY EventSums all_terms(const DivergenceKind& kind, std::int64_t count, const float* logarithms, float* q) {
  switch (kind.divergence) {
    case Divergence::ForwardKl:
      return all_terms<Divergence::ForwardKl>(count, logarithms, q, kind.beta);
    case Divergence::ReverseKl:
      return all_terms<Divergence::ReverseKl>(count, logarithms, q, kind.beta);
    default:
      return all_terms<Divergence::JensenShannon>(count, logarithms, q, kind.beta);
  }
}

PEGBOX_BODY double divergence_body(std::int64_t columns, float* logits, const SoftLabel& label,
                                   const DivergenceKind& kind, float factor, float* gradient, float* scratch) {
  float *const q = scratch, *const exponentials = scratch + label.count;
  const std::int32_t* const tokens = label.tokens;
  const bool has_rest = label.count < columns;
  const float largest = largest_of(logits, columns), scale = 1.0f / kind.temperature;
  for (std::int64_t i = 0; i < label.count; ++i) q[i] = (logits[tokens != nullptr ? tokens[i] : i] - largest) * scale;
  float known = 0, others = 0;
#pragma omp simd reduction(+ : known)
  for (std::int64_t i = 0; i < label.count; ++i) {
    exponentials[i] = fast_exp(q[i]);
    known += exponentials[i];
  }
  if (has_rest) {
#pragma omp simd
    for (std::int64_t j = 0; j < columns; ++j) logits[j] = fast_exp((logits[j] - largest) * scale);
    for (std::int64_t i = 0; i < label.count; ++i) logits[tokens != nullptr ? tokens[i] : i] = 0;
#pragma omp simd reduction(+ : others)
    for (std::int64_t j = 0; j < columns; ++j) others += logits[j];
  }
  const float sum = known + others, log_sum = std::log(sum);
#pragma omp simd
  for (std::int64_t i = 0; i < label.count; ++i) q[i] -= log_sum;
  EventSums sums = all_terms(kind, label.count, label.logarithms, q);
  float rest = others > 0 ? std::log(others) - log_sum : kLeastLogarithm;
  if (has_rest) {
    const EventSums more = all_terms(kind, 1, &label.rest, &rest);  // `rest` becomes a_e
    sums.divergence += more.divergence;
    sums.weight += more.weight;
  }
  const float mean = static_cast<float>(sums.weight) / sum, gain = factor * scale;
  if (has_rest) {
    const float each = others > 0 ? gain * (rest / others - mean) : 0;
#pragma omp simd
    for (std::int64_t j = 0; j < columns; ++j) gradient[j] += logits[j] * each;  // 0 of the known
  }
  for (std::int64_t i = 0; i < label.count; ++i)
    gradient[tokens != nullptr ? tokens[i] : i] += gain * (q[i] - exponentials[i] * mean);
  return std::isnan(log_sum) ? static_cast<double>(log_sum) : sums.divergence;
}

}  // namespace

PEGBOX_BY_CPU(double, divergence,
              (std::int64_t columns, float* logits, const SoftLabel& label, const DivergenceKind& kind, float factor,
               float* gradient, float* scratch),
              (columns, logits, label, kind, factor, gradient, scratch))

}  // namespace pegbox::train::kernels
