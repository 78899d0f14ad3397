// generate: see generate.h.
#include "train/model/generate.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "train/guard.h"
#include "train/model/beam_search.h"

namespace pegbox::train {

namespace {

/// Sums of the probabilities of tokens in the order of `order`, up to a common factor: of as many as are kept.
std::vector<double> kept_sums(const float* logits, const std::vector<std::int64_t>& order,
                              const GenerateOptions& options) {
  const auto weight = [&](std::int64_t token) {
    return std::exp((logits[token] - logits[order.front()]) / options.temperature);
  };
  std::vector<double> sums;
  double sum = 0;
  for (const std::int64_t token : order) sums.push_back(sum += weight(token));
  if (options.top_p < 1) {
    const auto last = std::ranges::lower_bound(sums, options.top_p * sum);
    if (last != sums.end()) sums.erase(last + 1, sums.end());
  }
  return sums;
}

std::int64_t pick(const float* logits, std::int64_t count, const GenerateOptions& options, Rng& rng) {
  if (options.temperature <= 0) return std::max_element(logits, logits + count) - logits;
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  const auto kept = options.top_k > 0 ? std::min(options.top_k, count) : count;
  std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](std::int64_t a, std::int64_t b) {
    return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
  });
  order.resize(static_cast<std::size_t>(kept));
  const std::vector<double> sums = kept_sums(logits, order, options);
  const auto chosen = std::ranges::upper_bound(sums, rng.uniform() * sums.back()) - sums.begin();
  return order[static_cast<std::size_t>(std::min(chosen, std::ssize(sums) - 1))];
}

Result<void> check_prompt(const std::vector<std::int64_t>& prompt, std::int64_t positions) {
  if (!prompt.empty() && static_cast<std::int64_t>(prompt.size()) <= positions) return {};
  return fail(ErrorKind::InvalidInput, {.where = "prompt",
                                        .what = "its length does not fit the model",
                                        .got = fmt::format("{} tokens", prompt.size()),
                                        .expected = fmt::format("1 to {}", positions)});
}

std::int64_t free_positions(const Decoder& decoder, const Network& network) {
  return decoder.config().positions - network.virtual_tokens();
}

}  // namespace

Result<std::vector<double>> class_probabilities(const Decoder& decoder, const Network& network,
                                                const std::vector<std::int64_t>& text) {
  PEGBOX_CHECK(check_prompt(text, free_positions(decoder, network)));
  return guard("classification", [&]() -> Result<std::vector<double>> {
    const c10::InferenceMode no_gradients;
    KeyValueCache cache;
    const Tensor logits = decoder.logits(network, decoder.extend(network, text, cache));
    const Tensor shares = logits.to(at::kDouble).softmax(-1).contiguous();
    return std::vector<double>(shares.const_data_ptr<double>(), shares.const_data_ptr<double>() + shares.numel());
  });
}

Result<std::vector<std::int64_t>> generate(const Decoder& decoder, const Network& network,
                                           const std::vector<std::int64_t>& prompt, const GenerateOptions& options) {
  const std::int64_t positions = free_positions(decoder, network);
  PEGBOX_CHECK(check_prompt(prompt, positions));
  if (options.beams > 1 && options.temperature > 0)
    return fail(ErrorKind::InvalidInput, {.where = "beams",
                                          .what = "beam search does not sample",
                                          .got = fmt::format("temperature {}", options.temperature),
                                          .expected = "temperature 0, or 1 beam"});
  const std::int64_t most = std::min(options.most_tokens, positions + 1 - std::ssize(prompt));
  return guard("generation", [&]() -> Result<std::vector<std::int64_t>> {
    const c10::InferenceMode no_gradients;
    if (options.beams > 1) return beam_search(decoder, network, prompt, most, options);
    Rng rng({options.seed, stream_id("generate"), options.prompt_number});
    KeyValueCache cache;
    std::vector<std::int64_t> next = prompt, result;
    while (std::ssize(result) < most) {
      const Tensor logits = decoder.logits(network, decoder.extend(network, next, cache)).contiguous();
      const std::int64_t token = pick(logits.const_data_ptr<float>(), logits.size(-1), options, rng);
      if (token == options.end_token) break;
      result.push_back(token);
      if (options.is_whole && options.is_whole(result)) break;
      next = {token};
    }
    return result;
  });
}

}  // namespace pegbox::train
