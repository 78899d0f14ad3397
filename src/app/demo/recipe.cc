// DemoRecipe: what the demo trains and how long.
#include "app/demo/recipe.h"

#include <cassert>

#include "app/default_space.h"

namespace pegbox {

DemoRecipe DemoRecipe::quick() {
  DemoRecipe recipe;
  recipe.sizes = {.base_bytes = 400'000, .domain_bytes = 200'000, .validation_bytes = 30'000, .test_bytes = 100'000};
  recipe.layers = 2, recipe.heads = 2, recipe.width = 64, recipe.vocabulary = 512, recipe.sequence_length = 128;
  recipe.base_tokens = 60'000;
  recipe.trial_tokens = 30'000;
  recipe.study_tokens = 200'000;
  recipe.evaluate_tokens = 6'000;
  return recipe;
}

Json DemoRecipe::base_config(const DemoText& text, const Path& output) const {
  return {{"method", "scratch"},
          {"data", {{"train", text.base_train.string()}, {"validation", text.base_validation.string()}}},
          {"output", output.string()},
          {"vocabulary", vocabulary},
          {"layers", layers},
          {"heads", heads},
          {"width", width},
          {"sequence_length", sequence_length},
          {"batch_size", 8},
          {"learning_rate", 3e-3},
          {"tokens", base_tokens},
          {"evaluate_tokens", evaluate_tokens},
          {"seed", 0}};
}

Json DemoRecipe::study(const DemoText& text, const Path& base, std::int64_t seed) const {
  const auto parameters = default_space("lora");
  assert(parameters);
  Json study = Json::object();
  study["name"] = "demo";
  study["trial"] = {{"trainer",
                     {{"model", base.string()},
                      {"data", {{"train", text.train.string()}, {"validation", text.validation.string()}}},
                      {"method", "lora"},
                      {"tokens", trial_tokens},
                      {"sequence_length", sequence_length},
                      {"evaluate_tokens", evaluate_tokens}}}};
  study["space"] = space_json(*parameters);
  study["space"]["batch_size"] = {{"choice", {2, 4, 8, 16}},
                                  {"ordered", true}};  // trials of few tokens need small ones
  study["try_first"] = Json::array({first_config_json(*parameters)});
  study["objective"] = {{"minimize", "validation_loss"}};
  study["budget"] = {{"tokens", study_tokens}};
  study["search"] = "gp";
  study["stop"] = {{"name", "asha"}, {"reduction", 3}, {"min", trial_tokens / 9}};
  study["seed"] = seed;
  return study;
}

Json DemoRecipe::defaults_config(const DemoText& text, const Path& base, const Path& output, std::int64_t tokens,
                                 std::int64_t seed) const {
  const auto parameters = default_space("lora");
  assert(parameters);
  Json config = first_config_json(*parameters);
  config["model"] = base.string();
  config["data"] = {{"train", text.train.string()}, {"validation", text.validation.string()}};
  config["method"] = "lora";
  config["output"] = output.string();
  config["tokens"] = tokens;
  config["sequence_length"] = sequence_length;
  config["evaluate_tokens"] = evaluate_tokens;
  config["seed"] = seed;
  return config;
}

}  // namespace pegbox
