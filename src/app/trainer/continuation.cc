// Continuation: see continuation.h.
#include "app/trainer/continuation.h"

#include <algorithm>

#include "base/clock.h"
#include "train/batch.h"
#include "train/corpus.h"

namespace pegbox::trainer {

namespace {

/// One text, or a JSON list of texts.
Result<std::vector<std::string>> stop_texts(const std::string& setting) {
  if (setting.empty()) return std::vector<std::string>{};
  if (!setting.starts_with('[')) return std::vector<std::string>{setting};
  PEGBOX_TRY(const Json list, parse_json(setting, "stop"));
  std::vector<std::string> texts;
  for (const Json& item : list) {
    if (!item.is_string() || item.get<std::string>().empty())
      return fail(ErrorKind::InvalidInput,
                  {.where = "stop", .what = "not a text to stop at", .got = excerpt(item), .expected = "[\"\\n\"]"});
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace

Result<Continuer> Continuer::create(const AskedModel& model, const text::ModelText& text,
                                    const train::TrainConfig& config, std::uint64_t seed) {
  Continuer continuer(model, text,
                      {.most_tokens = config.most_tokens,
                       .temperature = config.temperature,
                       .top_k = config.top_k,
                       .top_p = config.top_p,
                       .beams = config.beams,
                       .length_penalty = config.length_penalty,
                       .end_token = text.end.id,
                       .seed = seed});
  PEGBOX_TRY(continuer.stops_, stop_texts(config.stop));
  return continuer;
}

Result<std::vector<std::int64_t>> Continuer::prompt_ids(const std::string& prompt, bool begins) const {
  PEGBOX_TRY(auto ids, text_->tokenizer.encode(prompt));
  const auto begin = train::begin_token_of(*text_);
  if (begins && begin) ids.insert(ids.begin(), *begin);
  PEGBOX_CHECK(train::check_tokens(ids, model_.decoder.config().vocabulary));
  return std::vector<std::int64_t>(ids.begin(), ids.end());
}

std::size_t Continuer::stop_in(const std::string& text) const {
  std::size_t first = std::string::npos;
  for (const std::string& stop : stops_) first = std::min(first, text.find(stop));
  return first;
}

Result<Continuation> Continuer::write(const std::vector<std::int64_t>& prompt, std::uint64_t number,
                                      bool skip_special) const {
  const SystemClock clock;
  const double start_s = clock.now_s();
  const auto text_of = [&](const std::vector<std::int64_t>& ids) {
    return text_->tokenizer.decode(std::vector<text::TokenId>(ids.begin(), ids.end()), skip_special);
  };
  double first_token_s = -1;
  train::GenerateOptions options = options_;
  options.prompt_number = number;
  options.is_whole = [&](const std::vector<std::int64_t>& ids) {
    if (first_token_s < 0) first_token_s = clock.now_s() - start_s;
    if (stops_.empty()) return false;
    const auto text = text_of(ids);
    return text && stop_in(*text) != std::string::npos;
  };
  PEGBOX_TRY(const auto ids, train::generate(model_.decoder, model_.network, prompt, options));
  const double total_s = clock.now_s() - start_s;
  PEGBOX_TRY(std::string text, text_of(ids));
  return Continuation{.text = text.substr(0, stop_in(text)),
                      .tokens = std::ssize(ids),
                      .first_token_s = first_token_s < 0 ? total_s : first_token_s,  // the end token came first
                      .total_s = total_s};
}

}  // namespace pegbox::trainer
