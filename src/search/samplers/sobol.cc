// sobol: a scrambled Sobol sequence, moved to where the priors are.
#include "search/samplers/sobol.h"

#include "math/sobol.h"
#include "search/samplers/draw.h"

namespace pegbox {
namespace {

class SobolSampler final : public Sampler {
 public:
  Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) override {
    const Space& space = history.spec.space;
    taken_.update(history);
    PEGBOX_TRY(const auto sequence,
               math::Sobol::create(std::max(1, space.dimensions()), {key.seed, stream_id("sobol"), 0}));
    std::uint64_t index = next_sobol_index(history, "sobol");
    std::vector<Suggestion> suggestions;
    for (int i = 0; i < count; ++i) {
      Rng rng({key.seed, stream_id("sobol"), key.trial + static_cast<std::uint64_t>(i)});
      const auto propose = [&](std::uint64_t attempt, std::span<double> at) {
        if (at.empty()) return;
        sequence.point((index + attempt) % math::Sobol::kMaxPoints, at);
        space.apply_prior(at);
      };
      PEGBOX_TRY(auto drawn, draw_new(history, taken_, propose, rng));
      if (!drawn) break;
      taken_.add(drawn->config);
      const std::uint64_t used = index + drawn->attempt;
      suggestions.push_back({std::move(drawn->config), {{"by", "sobol"}, {"index", used}}});
      index = used + 1;
    }
    return suggestions;
  }

 private:
  TakenConfigs taken_;
};

Result<std::unique_ptr<Sampler>> make_sobol(const StudySpec&, const Node& options) {
  PEGBOX_CHECK(options.only({}));
  return std::make_unique<SobolSampler>();
}

}  // namespace

SamplerRow sobol_row() {
  return {"sobol", "a scrambled Sobol sequence, moved to where the priors are", {}, make_sobol};
}

}  // namespace pegbox
