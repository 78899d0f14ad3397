// Continuation: what a model writes after a prompt, as a run's config asks for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/trainer/adapted_model.h"
#include "base/result.h"
#include "text/model_folder.h"
#include "train/model/generate.h"
#include "train/train_config.h"

namespace pegbox::trainer {

struct Continuation {
  std::string text;         ///< up to the stop text, without it
  std::int64_t tokens = 0;  ///< that were generated, the end token aside
  double first_token_s = 0, total_s = 0;
};

class Continuer {
 public:
  /// What `model` refers to, and `text`, outlive it. InvalidInput if the config's stop texts cannot be read.
  static Result<Continuer> create(const AskedModel& model, const text::ModelText& text,
                                  const train::TrainConfig& config, std::uint64_t seed);

  /// The ids that stand before a continuation: those of the text, behind the begin token if the tokenizer puts one
  /// there and `begins`. InvalidInput for ids that the model has not.
  Result<std::vector<std::int64_t>> prompt_ids(const std::string& prompt, bool begins = true) const;

  /// `number` of the prompt among several: random numbers are its own. `skip_special`: tokens such as an end of turn
  /// are left out of the text. May be called from several threads.
  Result<Continuation> write(const std::vector<std::int64_t>& prompt, std::uint64_t number = 0,
                             bool skip_special = false) const;

 private:
  Continuer(const AskedModel& model, const text::ModelText& text, train::GenerateOptions options)
      : model_(model), text_(&text), options_(std::move(options)) {}
  std::size_t stop_in(const std::string& text) const;

  AskedModel model_;
  const text::ModelText* text_;
  train::GenerateOptions options_;
  std::vector<std::string> stops_;
};

}  // namespace pegbox::trainer
