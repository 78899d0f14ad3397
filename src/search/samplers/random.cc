// random: independent draws from the priors, uniform where there is none.
#include "search/samplers/random.h"

#include "search/samplers/draw.h"

namespace pegbox {
namespace {

class RandomSampler final : public Sampler {
 public:
  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    taken_.update(history);
    std::vector<Suggestion> suggestions;
    for (int i = 0; i < count; ++i) {
      Rng rng({key.seed, stream_id("random"), key.trial + static_cast<std::uint64_t>(i)});
      const auto propose = [&](std::uint64_t, std::span<double> at) {
        for (double& coordinate : at) coordinate = rng.uniform();
        history.spec.space.apply_prior(at);
      };
      PEGBOX_TRY(auto drawn, draw_new(history, taken_, propose, rng));
      if (!drawn) break;
      taken_.add(drawn->config);
      suggestions.push_back({std::move(drawn->config), {{"by", "random"}}});
    }
    return suggestions;
  }

 private:
  TakenConfigs taken_;
};

Result<std::unique_ptr<Sampler>> make_random(const StudySpec&, const Node& options) {
  PEGBOX_CHECK(options.only({}));
  return std::make_unique<RandomSampler>();
}

}  // namespace

SamplerRow random_row() { return {"random", "independent draws from the priors", {}, make_random}; }

}  // namespace pegbox
