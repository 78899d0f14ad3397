// DemoRecipe: what the demo trains and how long.
#pragma once

#include <cstdint>

#include "app/demo/demo_text.h"
#include "base/json.h"

namespace pegbox {

struct DemoRecipe {
  DemoSizes sizes;
  std::int64_t layers = 4, heads = 5, width = 160, vocabulary = 2048, sequence_length = 256;
  std::int64_t base_tokens = 1'300'000;
  std::int64_t trial_tokens = 240'000;    ///< of a full trial
  std::int64_t study_tokens = 1'400'000;  ///< of all trials together
  std::int64_t evaluate_tokens = 24'000;  ///< of validation, at each rung

  static DemoRecipe full() { return {}; }
  /// The same in about a minute, with a model that learns little: for tests.
  static DemoRecipe quick();

  Json base_config(const DemoText& text, const Path& output) const;             ///< of `pegbox-trainer train`
  Json study(const DemoText& text, const Path& base, std::int64_t seed) const;  ///< a study file
  /// One run at the published defaults with `tokens` training tokens.
  Json defaults_config(const DemoText& text, const Path& base, const Path& output, std::int64_t tokens,
                       std::int64_t seed) const;
};

}  // namespace pegbox
