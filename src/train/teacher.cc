// Teacher: see teacher.h.
#include "train/teacher.h"

#include <ATen/ops/cat.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "text/packing.h"
#include "train/batch.h"
#include "train/ops/loss.h"

namespace pegbox::train {

namespace {

/// Parts of a row's labels, one after another.
SoftLabels joined(const std::vector<SoftLabels>& parts) {
  if (parts.size() == 1) return parts.front();
  Tensors logarithms, tokens, rest;
  for (const SoftLabels& part : parts) {
    logarithms.push_back(part.logarithms);
    if (part.tokens.defined()) tokens.push_back(part.tokens);
    rest.push_back(part.rest);
  }
  return {at::cat(logarithms), tokens.empty() ? Tensor() : at::cat(tokens), at::cat(rest)};
}

}  // namespace

SoftLabelForm soft_label_form(const TrainConfig& config, const Decoder& student) {
  const ModelConfig& model = student.config();
  return {.temperature = config.distill_temperature,
          .top = config.distill_top,
          .vocabulary = model.labels.empty() ? model.vocabulary : std::ssize(model.labels)};
}

Teacher::Answers::Answers(Teacher& teacher, const text::TokenizedRows& data, SoftLabelForm form)
    : teacher_(teacher), data_(data), form_(form), longest_(RowLengths::of(data).longest) {}

std::vector<std::shared_ptr<const SoftLabels>> Teacher::Answers::of(std::span<const std::int64_t> rows, Lanes& lanes) {
  std::map<std::int64_t, std::shared_ptr<const SoftLabels>> asked;
  std::vector<std::int64_t> missing;
  for (const std::int64_t row : rows) {
    const auto kept = kept_.find(row);
    if (asked.try_emplace(row, kept == kept_.end() ? nullptr : kept->second).second && kept == kept_.end())
      missing.push_back(row);
  }
  std::vector<std::shared_ptr<const SoftLabels>> found(missing.size());
  lanes.each(missing.size(), [&](std::size_t i, int) {
    const c10::InferenceMode no_gradients;
    found[i] = std::make_shared<SoftLabels>(teacher_.ask(data_, missing[i], form_));
  });
  for (std::size_t i = 0; i < missing.size(); ++i) {
    asked[missing[i]] = found[i];
    if (!teacher_.make_room(found[i]->bytes(), *this)) continue;
    bytes_ += found[i]->bytes();
    kept_[missing[i]] = std::move(found[i]);
  }
  std::vector<std::shared_ptr<const SoftLabels>> labels;
  for (const std::int64_t row : rows) labels.push_back(asked[row]);
  return labels;
}

TeacherNeed Teacher::Answers::need(int lanes, std::int64_t tokens) const {
  const double all = static_cast<double>(data_.total_label_tokens() * form_.bytes_per_label());
  const double part = std::min(1.0, static_cast<double>(tokens) / static_cast<double>(data_.total_tokens()));
  const double kept = std::max(static_cast<double>(bytes_), part * all);
  return {.kept_bytes = std::min(static_cast<double>(teacher_.most_bytes_), kept), .pass_bytes = lanes * pass_bytes()};
}

/// Of a lane that asks about the longest row: what the layer with most of it holds, and a chunk of logits with what is
/// made of it.
double Teacher::Answers::pass_bytes() const {
  const ModelConfig& model = teacher_.decoder_.config();
  const double feed_forward = static_cast<double>(model.feed_forward) * (model.gated ? 3 : 2);
  const double heads = static_cast<double>((2 * model.heads + 2 * model.kv_heads) * model.head_width);
  const double layer = longest_ * (3 * static_cast<double>(model.width) + std::max(feed_forward, heads));
  const std::int64_t chunk = loss_chunk_rows(static_cast<std::int64_t>(longest_), model.vocabulary);
  const auto logits = static_cast<double>(chunk * model.vocabulary);
  return sizeof(float) * (layer + 3 * logits) + longest_ * static_cast<double>(form_.bytes_per_label());
}

SoftLabels Teacher::ask(const text::TokenizedRows& data, std::int64_t row, const SoftLabelForm& form) const {
  const Batch batch = to_batch(text::pack(data, std::array{row}));
  DropoutSource none;
  const Tensor hidden = decoder_.hidden(network_, batch, none);
  const std::int64_t labels = hidden.size(0),
                     chunk = loss_chunk_rows(labels, network_.weight(decoder_.layout().head).size(0));
  std::vector<SoftLabels> parts;
  for (std::int64_t first = 0; first < labels; first += chunk)
    parts.push_back(
        soft_labels(decoder_.logits(network_, hidden.narrow(0, first, std::min(chunk, labels - first))), form));
  return joined(parts);
}

/// Whether so many bytes more may be kept; what no run asks for any more makes way.
bool Teacher::make_room(std::int64_t bytes, const Answers& asking) {
  const auto held = [&] {
    std::int64_t sum = 0;
    for (const auto& [key, answers] : answers_) sum += answers->bytes();
    return sum;
  };
  if (held() + bytes <= most_bytes_) return true;
  std::erase_if(answers_,
                [&](const auto& entry) { return entry.second.use_count() == 1 && entry.second.get() != &asking; });
  return held() + bytes <= most_bytes_;
}

Result<void> Teacher::check(const text::TokenizedRows& data) const {
  std::int64_t longest = 0;
  for (std::int64_t row = 0; row < data.size(); ++row) longest = std::max(longest, data.length(row));
  const std::int64_t most = decoder_.config().positions - network_.virtual_tokens();
  if (longest > most)
    return fail(ErrorKind::InvalidInput, {.where = "teacher",
                                          .what = "sequences are longer than it knows positions",
                                          .got = fmt::to_string(longest),
                                          .expected = fmt::format("a sequence_length of at most {}", most)});
  return check_tokens(data.ids, decoder_.config().vocabulary);
}

Result<std::shared_ptr<Teacher::Answers>> Teacher::answers(const text::TokenizedRows& data, const SoftLabelForm& form) {
  PEGBOX_CHECK(check(data));
  auto& found = answers_[{&data, data.content_hash, form}];
  if (!found) found.reset(new Answers(*this, data, form));
  return found;
}

}  // namespace pegbox::train
