// row_kernels: see row_kernels.h.
#include "train/kernels/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "train/kernels/by_cpu.h"
#include "train/kernels/vector_math.h"

namespace pegbox::train::kernels {

namespace {

PEGBOX_BODY void rms_norm_body(Rows rows, const float* x, const float* delta, const float* weight, float epsilon,
                               float* sum, float* y, float* scale) {
  const std::int64_t columns = rows.columns;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float* in = x + row * columns;
    float* const out = y + row * columns;
    float squares = 0;
    if (delta != nullptr) {
      const float* const added = delta + row * columns;
      float* const total = sum + row * columns;
#pragma omp simd reduction(+ : squares)
      for (std::int64_t j = 0; j < columns; ++j) {
        const float value = in[j] + added[j];
        total[j] = value;
        squares += value * value;
      }
      in = total;
    } else {
#pragma omp simd reduction(+ : squares)
      for (std::int64_t j = 0; j < columns; ++j) squares += in[j] * in[j];
    }
    const float factor = 1.0f / std::sqrt(squares / static_cast<float>(columns) + epsilon);
    scale[row] = factor;
#pragma omp simd
    for (std::int64_t j = 0; j < columns; ++j) out[j] = weight[j] * (in[j] * factor);
  }
}

PEGBOX_BODY void rms_norm_backward_body(Rows rows, const float* sum, const float* weight, const float* scale,
                                        const float* dy, const float* dsum, float* dx, float* dweight) {
  const std::int64_t columns = rows.columns;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float *const in = sum + row * columns, *const gradient = dy + row * columns;
    float* const out = dx + row * columns;
    const float factor = scale[row];
    float dot = 0;
#pragma omp simd reduction(+ : dot)
    for (std::int64_t j = 0; j < columns; ++j) dot += gradient[j] * weight[j] * in[j];
    const float back = dot * factor * factor * factor / static_cast<float>(columns);
    if (dsum != nullptr) {
      const float* const direct = dsum + row * columns;
#pragma omp simd
      for (std::int64_t j = 0; j < columns; ++j) out[j] = direct[j] + (gradient[j] * weight[j] * factor - in[j] * back);
    } else {
#pragma omp simd
      for (std::int64_t j = 0; j < columns; ++j) out[j] = gradient[j] * weight[j] * factor - in[j] * back;
    }
    if (dweight != nullptr) {
#pragma omp simd
      for (std::int64_t j = 0; j < columns; ++j) dweight[j] += gradient[j] * (in[j] * factor);
    }
  }
}

/// An activation and its derivative at one number.
struct Tangent {
  float value, slope;
};

struct Silu {
  PEGBOX_BODY static float value(float x) { return x * fast_sigmoid(x); }
  PEGBOX_BODY static Tangent tangent(float x) {
    const float sigmoid = fast_sigmoid(x), silu = x * sigmoid;
    return {silu, sigmoid + silu * (1.0f - sigmoid)};
  }
};

/// Its approximation by tanh (Hendrycks & Gimpel 2016), as PyTorch's `approximate="tanh"`.
struct Gelu {
  static constexpr float kScale = 0.7978845608028654f, kCube = 0.044715f;  // sqrt(2 / pi)

  PEGBOX_BODY static float tanh_of(float x) { return fast_tanh(kScale * (x + kCube * x * x * x)); }
  PEGBOX_BODY static float value(float x) { return 0.5f * x * (1.0f + tanh_of(x)); }
  PEGBOX_BODY static Tangent tangent(float x) {
    const float tanh = tanh_of(x), inner = kScale * (1.0f + 3.0f * kCube * x * x);
    return {0.5f * x * (1.0f + tanh), 0.5f * (1.0f + tanh + x * (1.0f - tanh * tanh) * inner)};
  }
};

template <class Function>
PEGBOX_BODY void gate_rows(Rows rows, const float* gate_up, float* y) {
  const std::int64_t width = rows.columns;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float *const gate = gate_up + row * 2 * width, *const up = gate + width;
    float* const out = y + row * width;
#pragma omp simd
    for (std::int64_t j = 0; j < width; ++j) out[j] = Function::value(gate[j]) * up[j];
  }
}

template <class Function>
PEGBOX_BODY void gate_rows_backward(Rows rows, const float* gate_up, const float* dy, float* dgate_up) {
  const std::int64_t width = rows.columns;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float *const gate = gate_up + row * 2 * width, *const up = gate + width, *const gradient = dy + row * width;
    float *const dgate = dgate_up + row * 2 * width, *const dup = dgate + width;
#pragma omp simd
    for (std::int64_t j = 0; j < width; ++j) {
      const Tangent at = Function::tangent(gate[j]);
      dup[j] = gradient[j] * at.value;
      dgate[j] = gradient[j] * up[j] * at.slope;
    }
  }
}

PEGBOX_BODY void silu_gate_body(Rows rows, const float* gate_up, float* y) { gate_rows<Silu>(rows, gate_up, y); }

PEGBOX_BODY void silu_gate_backward_body(Rows rows, const float* gate_up, const float* dy, float* dgate_up) {
  gate_rows_backward<Silu>(rows, gate_up, dy, dgate_up);
}

PEGBOX_BODY void gelu_gate_body(Rows rows, const float* gate_up, float* y) { gate_rows<Gelu>(rows, gate_up, y); }

PEGBOX_BODY void gelu_gate_backward_body(Rows rows, const float* gate_up, const float* dy, float* dgate_up) {
  gate_rows_backward<Gelu>(rows, gate_up, dy, dgate_up);
}

PEGBOX_BODY void rotate_body(Rows rows, const Rotation& rotation, const float* x, float* y) {
  const std::int64_t width = rotation.head_width, half = rotation.turned_width / 2, turned = rotation.heads * width;
  const std::int64_t rest = width - 2 * half;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    const float* const in = x + row * rows.columns;
    float* const out = y + row * rows.columns;
    const float *const cosine = rotation.cosine + rotation.positions[row] * half, *const sine =
                                                                                      rotation.sine +
                                                                                      rotation.positions[row] * half;
    for (std::int64_t head = 0; head < rotation.heads; ++head) {
      const float *const a = in + head * width, *const b = a + half;
      float *const ya = out + head * width, *const yb = ya + half;
#pragma omp simd
      for (std::int64_t j = 0; j < half; ++j) {
        const float first = a[j], second = b[j], s = rotation.sign * sine[j];
        ya[j] = first * cosine[j] - second * s;
        yb[j] = second * cosine[j] + first * s;
      }
      if (rest > 0 && in != out) std::memcpy(yb + half, b + half, rest * sizeof(float));
    }
    if (in != out) std::memcpy(out + turned, in + turned, (rows.columns - turned) * sizeof(float));
  }
}

PEGBOX_BODY double cross_entropy_body(Rows rows, float* logits, const std::int64_t* labels, float factor,
                                      LossTerms terms) {
  double loss = 0;
  const float tokens = static_cast<float>(rows.columns), kept = 1.0f - terms.smoothing;
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    float* const values = logits + row * rows.columns;
    const float largest = largest_of(values, rows.columns);
    const float label_logit = values[labels[row]];
    float sum = 0, logit_sum = 0;
    if (terms.smoothing > 0) {
#pragma omp simd reduction(+ : logit_sum)
      for (std::int64_t j = 0; j < rows.columns; ++j) logit_sum += values[j] - largest;
    }
    if (factor == 0) {
#pragma omp simd reduction(+ : sum)
      for (std::int64_t j = 0; j < rows.columns; ++j) sum += fast_exp(values[j] - largest);
    } else {
#pragma omp simd reduction(+ : sum)
      for (std::int64_t j = 0; j < rows.columns; ++j) {
        values[j] = fast_exp(values[j] - largest);
        sum += values[j];
      }
    }
    // Logits are counted from the largest one, so that their mean loses no digits.
    const double log_sum = std::log(static_cast<double>(sum)), log_z = log_sum + static_cast<double>(largest);
    if (factor != 0) {
      const float scale = factor * (terms.label + 2.0f * terms.z_loss * static_cast<float>(log_z)) / sum;
      const float each = factor * terms.label * terms.smoothing / tokens;
#pragma omp simd
      for (std::int64_t j = 0; j < rows.columns; ++j) values[j] = values[j] * scale - each;
      values[labels[row]] -= factor * terms.label * kept;
    }
    const double label_part = static_cast<double>(label_logit) - static_cast<double>(largest);
    const double entropy =
        log_sum - static_cast<double>(kept) * label_part - static_cast<double>(terms.smoothing * (logit_sum / tokens));
    loss += static_cast<double>(terms.label) * entropy + static_cast<double>(terms.z_loss) * log_z * log_z;
  }
  return loss;
}

constexpr std::int64_t kLanes = 8;  // elements that one Philox block masks, 16 bits each
constexpr int kRounds = 7;
constexpr std::int64_t kBatch = 32;  // blocks drawn together, so that their loops become vector code

/// Philox 4x32-7 (Salmon et al. 2011: seven rounds pass all tests of TestU01) of blocks first, first + 1, ...; bit i of
/// bits[b]: element i of block b is kept.
PEGBOX_BODY void draw_bits(std::uint64_t key, std::uint64_t first, std::uint32_t threshold, std::uint32_t* bits) {
  std::uint32_t c0[kBatch], c1[kBatch], c2[kBatch], c3[kBatch];
  for (std::int64_t b = 0; b < kBatch; ++b) {
    const std::uint64_t block = first + static_cast<std::uint64_t>(b);
    c0[b] = static_cast<std::uint32_t>(block);
    c1[b] = static_cast<std::uint32_t>(block >> 32);
    c2[b] = c3[b] = 0;
  }
  std::uint32_t k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < kRounds; ++round) {
#pragma omp simd
    for (std::int64_t b = 0; b < kBatch; ++b) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0[b], p1 = std::uint64_t{0xCD9E8D57} * c2[b];
      c0[b] = static_cast<std::uint32_t>(p1 >> 32) ^ c1[b] ^ k0;
      c2[b] = static_cast<std::uint32_t>(p0 >> 32) ^ c3[b] ^ k1;
      c1[b] = static_cast<std::uint32_t>(p1);
      c3[b] = static_cast<std::uint32_t>(p0);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const auto two = [threshold](std::uint32_t word) {
    return static_cast<std::uint32_t>((word & 0xFFFF) >= threshold) |
           (static_cast<std::uint32_t>((word >> 16) >= threshold) << 1);
  };
#pragma omp simd
  for (std::int64_t b = 0; b < kBatch; ++b)
    bits[b] = two(c0[b]) | (two(c1[b]) << 2) | (two(c2[b]) << 4) | (two(c3[b]) << 6);
}

PEGBOX_BODY void mask_run(std::int64_t first_block, std::int64_t size, const DropoutMask& mask, const float* x,
                          float* y) {
  const auto threshold = static_cast<std::uint32_t>(std::lround(mask.probability * 65536.0));
  const float factor = 1.0f / (1.0f - mask.probability);
  std::uint32_t bits[kBatch];
  for (std::int64_t done = 0; done < size; done += kBatch * kLanes) {
    draw_bits(mask.key, static_cast<std::uint64_t>(first_block + done / kLanes), threshold, bits);
    const std::int64_t count = std::min(size - done, kBatch * kLanes), whole = count / kLanes;
    const float* const in = x + done;
    float* const out = y + done;
    for (std::int64_t b = 0; b < whole; ++b)
#pragma omp simd
      for (std::int64_t i = 0; i < kLanes; ++i)
        out[b * kLanes + i] = in[b * kLanes + i] * (static_cast<float>((bits[b] >> i) & 1) * factor);
    for (std::int64_t i = whole * kLanes; i < count; ++i)
      out[i] = in[i] * (static_cast<float>((bits[i / kLanes] >> (i % kLanes)) & 1) * factor);
  }
}

PEGBOX_BODY void dropout_body(std::int64_t size, const DropoutMask& mask, const float* x, float* y) {
  mask_run(0, size, mask, x, y);
}

PEGBOX_BODY void dropout_row_body(std::int64_t first, std::int64_t size, const DropoutMask& mask, float* x) {
  mask_run(first / kLanes, size, mask, x, x);
}

}  // namespace

PEGBOX_BY_CPU(void, rms_norm,
              (Rows rows, const float* x, const float* delta, const float* weight, float epsilon, float* sum, float* y,
               float* scale),
              (rows, x, delta, weight, epsilon, sum, y, scale))
PEGBOX_BY_CPU(void, rms_norm_backward,
              (Rows rows, const float* sum, const float* weight, const float* scale, const float* dy, const float* dsum,
               float* dx, float* dweight),
              (rows, sum, weight, scale, dy, dsum, dx, dweight))
PEGBOX_BY_CPU(void, silu_gate, (Rows rows, const float* gate_up, float* y), (rows, gate_up, y))
PEGBOX_BY_CPU(void, silu_gate_backward, (Rows rows, const float* gate_up, const float* dy, float* dgate_up),
              (rows, gate_up, dy, dgate_up))
PEGBOX_BY_CPU(void, gelu_gate, (Rows rows, const float* gate_up, float* y), (rows, gate_up, y))
PEGBOX_BY_CPU(void, gelu_gate_backward, (Rows rows, const float* gate_up, const float* dy, float* dgate_up),
              (rows, gate_up, dy, dgate_up))
PEGBOX_BY_CPU(void, rotate, (Rows rows, const Rotation& rotation, const float* x, float* y), (rows, rotation, x, y))
PEGBOX_BY_CPU(double, cross_entropy,
              (Rows rows, float* logits, const std::int64_t* labels, float factor, LossTerms terms),
              (rows, logits, labels, factor, terms))
PEGBOX_BY_CPU(void, dropout, (std::int64_t size, const DropoutMask& mask, const float* x, float* y), (size, mask, x, y))
PEGBOX_BY_CPU(void, dropout_row, (std::int64_t first, std::int64_t size, const DropoutMask& mask, float* x),
              (first, size, mask, x))

}  // namespace pegbox::train::kernels
