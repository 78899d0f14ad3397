// Beam search: see beam_search.h.
#include "train/model/beam_search.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/log_softmax.h>

#include <algorithm>
#include <cmath>

namespace pegbox::train {

namespace {

using Ids = std::vector<std::int64_t>;

/// A path that goes on: its cache lacks the last token.
struct Beam {
  Ids ids;
  float score = 0;
  KeyValueCache cache{};
};

struct Finished {
  Ids ids;
  float score = 0;
};

/// A beam and a token after it.
struct Candidate {
  std::size_t beam = 0;
  std::int64_t token = 0;
  float score = 0;
};

/// Log-probabilities of the token after each beam [beams, V], plus the beam's score.
Tensor scores_of(const Decoder& decoder, const Network& network, const Ids& prompt, std::vector<Beam>& beams) {
  Tensors rows;
  for (Beam& beam : beams) {
    const Ids next = beam.ids.empty() ? prompt : Ids{beam.ids.back()};
    const Tensor logits = decoder.logits(network, decoder.extend(network, next, beam.cache));
    rows.push_back(at::log_softmax(logits, -1) + beam.score);
  }
  return at::cat(rows).contiguous();
}

/// The `count` likeliest, best first.
std::vector<Candidate> likeliest(const Tensor& scores, std::int64_t count) {
  const std::int64_t vocabulary = scores.size(1);
  const auto [values, places] = scores.view({-1}).topk(std::min(count, scores.numel()));
  std::vector<Candidate> candidates;
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const std::int64_t place = places.const_data_ptr<std::int64_t>()[i];
    candidates.push_back(
        {static_cast<std::size_t>(place / vocabulary), place % vocabulary, values.const_data_ptr<float>()[i]});
  }
  return candidates;
}

class Search {
 public:
  Search(std::int64_t most_tokens, const GenerateOptions& options)
      : most_(most_tokens), beams_(static_cast<std::size_t>(options.beams)), options_(options) {}

  /// Takes one step from `running`, of `length` tokens each; returns the beams to go on with.
  std::vector<Beam> step(const std::vector<Beam>& running, const std::vector<Candidate>& candidates,
                         std::int64_t length) {
    std::vector<Beam> next;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const auto& [beam, token, score] = candidates[i];
      Ids ids = running[beam].ids;
      const bool ends = token == options_.end_token;
      if (!ends) ids.push_back(token);
      if (ends || length + 1 == most_ || (options_.is_whole && options_.is_whole(ids))) {
        if (i < beams_) finish(std::move(ids), divided(score, length + 1));
      } else if (next.size() < beams_) {
        next.push_back({std::move(ids), score, running[beam].cache});
      }
    }
    return next;
  }

  /// Whether the best of `running`, of `length` tokens, could still come among the finished.
  bool may_improve(const std::vector<Beam>& running, std::int64_t length) const {
    return finished_.size() < beams_ || divided(running.front().score, length) > finished_.back().score;
  }

  const Ids& best() const { return finished_.front().ids; }

 private:
  float divided(float score, std::int64_t length) const {
    return score / static_cast<float>(std::pow(static_cast<double>(length), options_.length_penalty));
  }

  void finish(Ids ids, float score) {
    const auto worse = std::ranges::find_if(finished_, [&](const Finished& other) { return other.score < score; });
    finished_.insert(worse, {std::move(ids), score});
    if (finished_.size() > beams_) finished_.pop_back();
  }

  std::int64_t most_;
  std::size_t beams_;
  const GenerateOptions& options_;
  std::vector<Finished> finished_;  // the best first
};

}  // namespace

std::vector<std::int64_t> beam_search(const Decoder& decoder, const Network& network,
                                      const std::vector<std::int64_t>& prompt, std::int64_t most_tokens,
                                      const GenerateOptions& options) {
  Search search(most_tokens, options);
  std::vector<Beam> running(1);
  for (std::int64_t length = 0; !running.empty(); ++length) {
    if (length > 0 && !search.may_improve(running, length)) break;
    // Twice as many as beams, so that enough are left where each beam's best ends.
    const auto candidates = likeliest(scores_of(decoder, network, prompt, running), 2 * options.beams);
    running = search.step(running, candidates, length);
  }
  return search.best();
}

}  // namespace pegbox::train
