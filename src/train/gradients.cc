// gradients: see gradients.h.
#include "train/gradients.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/split_with_sizes.h>

#include <algorithm>

#include "base/rng.h"
#include "text/packing.h"
#include "train/balanced_lists.h"
#include "train/batch.h"
#include "train/method/joined_lora.h"

namespace pegbox::train {

namespace {

/// Rows of one learner in a micro-batch, by their places in its batch.
struct Part {
  std::size_t lesson = 0;
  std::vector<std::size_t> places;
};

/// A part's documents as they are computed: packed, the keys of their dropout, and what a teacher says of their labels.
struct Taken {
  text::PackedBatch rows;
  std::vector<std::uint64_t> keys;
  SoftLabelRows taught;
};

/// What a lane computes in one pass.
struct MicroBatch {
  std::vector<Part> parts;
  std::int64_t tokens = 0;
};

/// The lessons of one step, cut into micro-batches, and their passes.
class Step {
 public:
  Step(std::span<const Lesson> lessons, Lanes& lanes)
      : lessons_(lessons), lanes_(lanes), losses_(static_cast<std::size_t>(lanes.count())) {
    for (std::vector<double>& losses : losses_) losses.resize(lessons.size());
    for (const Lesson& lesson : lessons_) tokens_ += lesson.batch->tokens;
  }

  std::vector<double> run() {
    for (const std::vector<std::size_t>& group : groups()) cut(group);
    std::vector<std::int64_t> loads;
    for (const MicroBatch& micro_batch : micro_batches_) loads.push_back(micro_batch.tokens);
    const auto by_lane = balanced_lists(loads, static_cast<std::size_t>(lanes_.count()));
    lanes_.run([&](int lane) {
      for (const std::size_t i : by_lane[static_cast<std::size_t>(lane)]) pass(lane, micro_batches_[i]);
    });
    std::vector<double> sums(lessons_.size());
    for (const std::vector<double>& losses : losses_)
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += losses[i];
    return sums;
  }

 private:
  std::int64_t length(std::size_t lesson, std::size_t place) const {
    return lessons_[lesson].learner->rows().length(lessons_[lesson].batch->rows[place]);
  }

  bool can_join(std::size_t a, std::size_t b) const {
    const Learner &first = *lessons_[a].learner, &second = *lessons_[b].learner;
    return &first.decoder() == &second.decoder() && first.config().recompute == second.config().recompute &&
           JoinedLora::can_join(first.network(), second.network());
  }

  /// Lessons whose rows may share micro-batches.
  std::vector<std::vector<std::size_t>> groups() const {
    std::vector<std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < lessons_.size(); ++i) {
      const auto found = std::ranges::find_if(groups, [&](const auto& group) { return can_join(group.front(), i); });
      if (found == groups.end())
        groups.push_back({i});
      else
        found->push_back(i);
    }
    return groups;
  }

  /// So many micro-batches that none has much more than a lane computes at once, and that all lanes have some.
  std::size_t count_for(const std::vector<std::size_t>& group) const {
    std::int64_t tokens = 0, most = lessons_[group.front()].learner->micro_batch_tokens();
    for (const std::size_t i : group) {
      tokens += lessons_[i].batch->tokens;
      most = std::min(most, lessons_[i].learner->micro_batch_tokens());
    }
    const std::int64_t lanes = lanes_.count(), rounds = (tokens_ + lanes * most - 1) / (lanes * most);
    return static_cast<std::size_t>((tokens * lanes * rounds + tokens_ - 1) / tokens_);
  }

  void cut(const std::vector<std::size_t>& group) {
    const std::size_t count = count_for(group);
    if (group.size() == 1)
      cut_one(group.front(), count);
    else
      cut_in_order(group, count);
  }

  void cut_one(std::size_t lesson, std::size_t count) {
    std::vector<std::int64_t> lengths(lessons_[lesson].batch->rows.size());
    for (std::size_t place = 0; place < lengths.size(); ++place) lengths[place] = length(lesson, place);
    for (auto& places : balanced_lists(lengths, count)) {
      MicroBatch micro_batch;
      for (const std::size_t place : places) micro_batch.tokens += lengths[place];
      micro_batch.parts = {{lesson, std::move(places)}};
      micro_batches_.push_back(std::move(micro_batch));
    }
  }

  /// Learner by learner, so that few are in more than one micro-batch.
  void cut_in_order(const std::vector<std::size_t>& group, std::size_t count) {
    std::int64_t all = 0, before = 0;
    for (const std::size_t lesson : group) all += lessons_[lesson].batch->tokens;
    const std::size_t first = micro_batches_.size();
    micro_batches_.resize(first + count);
    for (const std::size_t lesson : group) {
      for (std::size_t place = 0; place < lessons_[lesson].batch->rows.size(); ++place) {
        const std::int64_t tokens = length(lesson, place), middle = before + tokens / 2;
        MicroBatch& micro_batch =
            micro_batches_[first + static_cast<std::size_t>(middle) * count / static_cast<std::size_t>(all)];
        if (micro_batch.parts.empty() || micro_batch.parts.back().lesson != lesson)
          micro_batch.parts.push_back({lesson, {}});
        micro_batch.parts.back().places.push_back(place);
        micro_batch.tokens += tokens;
        before += tokens;
      }
    }
  }

  Taken taken(const Part& part) const {
    const Lesson& lesson = lessons_[part.lesson];
    const text::TokenizedRows& rows = lesson.learner->rows();
    std::vector<text::RowPart> documents;
    std::vector<std::size_t> places;  // of their rows
    Taken taken;
    for (const std::size_t place : part.places) {
      const std::uint64_t key = lesson.batch->keys[place];
      for (const text::RowPart& document : text::cut_row(rows, lesson.batch->rows[place], lesson.batch->longest)) {
        const auto begin = static_cast<std::uint64_t>(document.begin);
        taken.keys.push_back(begin == 0 ? key : Rng({key, stream_id("row part"), begin}).next_u64());
        documents.push_back(document);
        places.push_back(place);
      }
    }
    taken.rows = text::pack(rows, documents);
    if (lesson.batch->taught.empty()) return taken;
    for (std::size_t i = 0; i < documents.size(); ++i)
      if (const std::int64_t count = taken.rows.label_offsets[i + 1] - taken.rows.label_offsets[i]; count > 0)
        taken.taught.push_back({lesson.batch->taught[places[i]], text::labels_before(rows, documents[i]), count});
    return taken;
  }

  void pass(int lane, const MicroBatch& micro_batch) {
    text::PackedBatch all;
    std::vector<std::uint64_t> keys;
    std::vector<JoinedPart> joined;
    std::vector<std::int64_t> labels;
    std::vector<SoftLabelRows> taught;
    for (const Part& part : micro_batch.parts) {
      Taken own = taken(part);
      keys.insert(keys.end(), own.keys.begin(), own.keys.end());
      labels.push_back(own.rows.label_tokens);
      taught.push_back(std::move(own.taught));
      text::append(all, own.rows);
      if (micro_batch.parts.size() > 1) joined.push_back(joined_part(part, lane, own.rows, std::move(own.keys)));
    }
    const Batch batch = to_batch(all);
    if (batch.label_tokens() == 0) return;
    const Learner& first = *lessons_[micro_batch.parts.front().lesson].learner;
    std::unique_ptr<Network> together;
    if (!joined.empty()) together = std::make_unique<JoinedLora>(std::move(joined));
    const Network& network = together ? *together : first.network(lane);
    DropoutSource dropout(std::move(keys), batch.offsets);
    const Tensor hidden = first.decoder().hidden(network, batch, dropout, first.method().model_dropout(),
                                                 /*all_rows=*/false, first.config().recompute == "layers");
    if (together)
      backward(lane, micro_batch, hidden.split_with_sizes(labels), batch.labels.split_with_sizes(labels),
               std::move(taught));
    else
      backward(lane, micro_batch, {hidden}, {batch.labels}, std::move(taught));
  }

  JoinedPart joined_part(const Part& part, int lane, const text::PackedBatch& rows,
                         std::vector<std::uint64_t> keys) const {
    return {static_cast<const LoraNetwork*>(&lessons_[part.lesson].learner->network(lane)),
            std::make_shared<MaskedDocuments>(MaskedDocuments{std::move(keys), {rows.offsets, rows.label_offsets}})};
  }

  /// From the hidden states and labels of each part, and what their teachers say of them.
  void backward(int lane, const MicroBatch& micro_batch, const Tensors& hidden, const Tensors& labels,
                std::vector<SoftLabelRows> taught) {
    Tensor sum;
    for (std::size_t i = 0; i < micro_batch.parts.size(); ++i) {
      if (labels[i].size(0) == 0) continue;
      const std::size_t lesson = micro_batch.parts[i].lesson;
      const Learner& learner = *lessons_[lesson].learner;
      const Tensor loss = learner.loss(learner.network(lane), hidden[i], labels[i],
                                       lessons_[lesson].batch->label_tokens, std::move(taught[i]));
      losses_[static_cast<std::size_t>(lane)][lesson] += loss.item<double>();
      sum = sum.defined() ? sum + loss : loss;
    }
    sum.backward();
  }

  std::span<const Lesson> lessons_;
  Lanes& lanes_;
  std::int64_t tokens_ = 0;
  std::vector<MicroBatch> micro_batches_;
  std::vector<std::vector<double>> losses_;  // [lanes, lessons]
};

}  // namespace

std::vector<double> leave_gradients(std::span<const Lesson> lessons, Lanes& lanes) {
  for (const Lesson& lesson : lessons) lesson.learner->forget_gradients();
  return Step(lessons, lanes).run();
}

}  // namespace pegbox::train
