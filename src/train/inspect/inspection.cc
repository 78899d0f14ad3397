// Inspection: see inspection.h.
#include "train/inspect/inspection.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/index_select.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <numeric>

#include "text/packing.h"
#include "train/batch.h"
#include "train/inspect/layer_view.h"
#include "train/measure.h"

namespace pegbox::train {

namespace {

/// One label token.
struct SeenLabel {
  std::int64_t row = 0, index = 0;  ///< where it stands: in the data, and in its row
  double loss = 0;
};

/// What one batch showed besides its layers.
struct BatchView {
  std::vector<SeenLabel> labels;
  Tensor relevance;  ///< of its first document's last token [L]
};

BatchView look(const BaseModel& base, const Network& network, const text::TokenizedRows& data,
               const std::vector<std::int64_t>& rows, LayersView& layers) {
  const c10::InferenceMode no_gradients;
  const Batch batch = to_batch(text::pack(data, rows));
  layers.begin();
  const Tensor hidden = base.decoder->observed(network, batch, layers);
  layers.end();
  BatchView view{.labels = {}, .relevance = layers.relevance(0).select(0, -1)};
  if (batch.label_tokens() == 0) return view;
  const auto tokens = measure_tokens(*base.decoder, network, hidden.index_select(0, batch.label_rows), batch.labels);
  const std::int64_t* const at = batch.label_rows.const_data_ptr<std::int64_t>();
  for (std::size_t d = 0; d < rows.size(); ++d)
    for (std::int64_t i = batch.label_offsets[d]; i < batch.label_offsets[d + 1]; ++i)
      view.labels.push_back({rows[d], at[i] - batch.offsets[d] + 1, tokens[static_cast<std::size_t>(i)].loss});
  return view;
}

/// Sums of losses and labels of each document, for one part of the labels.
class PartSums {
 public:
  void add(std::int64_t row, double loss) {
    if (rows_.empty() || rows_.back() != row) {
      rows_.push_back(row);
      losses_.push_back(0);
      labels_.push_back(0);
    }
    losses_.back() += loss;
    labels_.back() += 1;
  }
  MeanLoss mean() const { return mean_loss_of(losses_, labels_); }

 private:
  std::vector<std::int64_t> rows_;  // in the order of the labels, document by document
  std::vector<double> losses_, labels_;
};

std::vector<LossPart> by_position(const std::vector<SeenLabel>& labels) {
  std::map<int, PartSums> sums;  // by the power of two
  for (const SeenLabel& label : labels)
    sums[std::bit_width(static_cast<std::uint64_t>(label.index)) - 1].add(label.row, label.loss);
  std::vector<LossPart> parts;
  for (const auto& [power, sum] : sums) {
    const std::int64_t first = std::int64_t{1} << power;
    parts.push_back({power == 0 ? "1" : fmt::format("{}-{}", first, 2 * first - 1), sum.mean()});
  }
  return parts;
}

Result<std::vector<LossPart>> by_kind(const std::vector<SeenLabel>& labels, const text::TokenizedRows& data,
                                      text::TokenKinds& kinds) {
  std::map<text::TokenKind, PartSums> sums;
  std::vector<text::TokenKind> of_row;
  std::int64_t row = -1;
  for (const SeenLabel& label : labels) {
    if (label.row != row) {
      row = label.row;
      PEGBOX_TRY(of_row, kinds.of(data.row(row)));
    }
    sums[of_row[static_cast<std::size_t>(label.index)]].add(label.row, label.loss);
  }
  std::vector<LossPart> parts;
  for (const auto& [kind, sum] : sums)
    parts.push_back({std::string(text::kTokenKindNames[static_cast<std::size_t>(kind)]), sum.mean()});
  return parts;
}

/// About `tokens` of `rows`, evenly taken, the first always.
std::vector<std::int64_t> spread(const text::TokenizedRows& data, const std::vector<std::int64_t>& rows,
                                 std::int64_t tokens) {
  std::int64_t all = 0;
  for (const std::int64_t row : rows) all += data.length(row);
  const auto step = static_cast<std::size_t>(std::max<std::int64_t>(1, (all + tokens - 1) / tokens));
  std::vector<std::int64_t> taken;
  for (std::size_t i = 0; i < rows.size(); i += step) taken.push_back(rows[i]);
  return taken;
}

bool has_exact_zeros(Activation activation) {
  return activation == Activation::Relu || activation == Activation::ReluSquared;
}

/// What the forward passes showed.
InspectedLayer layer_of(const LayerView& view, bool exact_zeros) {
  const double queries = std::max<double>(1, static_cast<double>(view.rollout.queries));
  InspectedLayer layer{.heads = {},
                       .rollout_first_share = view.rollout.first / queries,
                       .rollout_distance = view.rollout.distance / queries,
                       .stream = view.stream.root_mean(),
                       .stream_largest = view.stream_largest,
                       .attended = view.attended.root_mean(),
                       .fed = view.fed.root_mean(),
                       .units = view.unit_peaks.numel(),
                       .dead_below = exact_zeros ? 0 : kDeadFraction * view.units.root_mean()};
  layer.dead_units = (view.unit_peaks <= layer.dead_below).sum().item<std::int64_t>();
  return layer;
}

/// Looks at all batches, spread over the lanes.
std::vector<SeenLabel> look_at_all(const BaseModel& base, const Network& network, const text::TokenizedRows& data,
                                   const std::vector<std::int64_t>& rows, Lanes& lanes, std::int64_t batch_tokens,
                                   Inspection& inspection) {
  const auto batches = text::micro_batches(data, rows, batch_tokens);
  std::vector<LayersView> views(static_cast<std::size_t>(lanes.count()),
                                LayersView(base.decoder->layout().layers.size()));
  std::vector<BatchView> parts(batches.size());
  lanes.each(batches.size(), [&](std::size_t i, int lane) {
    parts[i] = look(base, network, data, batches[i], views[static_cast<std::size_t>(lane)]);
  });
  for (std::size_t lane = 1; lane < views.size(); ++lane) views[0].add(views[lane]);
  for (const LayerView& view : views[0].layers()) {
    InspectedLayer& layer = inspection.layers.emplace_back(layer_of(view, inspection.exact_zeros));
    const auto patterns = view.attention.heads();
    layer.heads.resize(static_cast<std::size_t>(base.decoder->config().heads));
    for (std::size_t head = 0; head < patterns.size(); ++head) layer.heads[head].pattern = patterns[head];
  }
  const auto first = data.row(rows.front());
  const Tensor relevance = parts.front().relevance.contiguous();
  inspection.rollout = {{first.begin(), first.end()},
                        {relevance.const_data_ptr<float>(), relevance.const_data_ptr<float>() + relevance.numel()}};
  std::vector<SeenLabel> labels;
  for (const BatchView& part : parts) labels.insert(labels.end(), part.labels.begin(), part.labels.end());
  return labels;
}

void add_importance(const BaseModel& base, const Network& network, const text::TokenizedRows& data,
                    const std::vector<std::int64_t>& rows, Lanes& lanes, const InspectOptions& options,
                    Inspection& inspection) {
  const GradientView gradients = gradient_view(*base.decoder, network, data, rows, lanes, options.batch_tokens);
  for (std::size_t layer = 0; layer < inspection.layers.size(); ++layer) {
    inspection.layers[layer].stream_gradient = gradients.streams[layer];
    const auto normalized = gradients.normalized(layer);
    for (std::size_t head = 0; head < normalized.size(); ++head)
      inspection.layers[layer].heads[head].gradient = normalized[head];
  }
  if (options.removal_tokens == 0) return;
  const auto few = spread(data, rows, options.removal_tokens);
  for (const std::int64_t row : few) inspection.removal_tokens += data.length(row);
  const auto removed = removals(*base.decoder, network, data, few, lanes, options.batch_tokens);
  for (std::size_t layer = 0; layer < removed.size(); ++layer)
    for (std::size_t head = 0; head < removed[layer].size(); ++head)
      inspection.layers[layer].heads[head].removal = removed[layer][head];
}

}  // namespace

Result<Inspection> inspect(const BaseModel& base, const Network& network, const text::TokenizedRows& data,
                           text::TokenKinds* kinds, std::int64_t vocabulary, Lanes& lanes,
                           const InspectOptions& options) {
  if (network.virtual_tokens() > 0)
    return fail(ErrorKind::Unsupported, {.where = "inspect",
                                         .what = "the adapter puts virtual tokens before every text",
                                         .expected = "a model alone, or an adapter of another method",
                                         .hint = "what tokens of no text do to attention is not told apart yet"});
  std::vector<std::int64_t> rows(static_cast<std::size_t>(data.size()));
  std::iota(rows.begin(), rows.end(), std::int64_t{0});
  rows = spread(data, rows, options.tokens);
  Inspection inspection{.documents = std::ssize(rows),
                        .exact_zeros = has_exact_zeros(base.decoder->config().activation)};
  for (const std::int64_t row : rows) inspection.tokens += data.length(row);
  const auto labels = look_at_all(base, network, data, rows, lanes, options.batch_tokens, inspection);
  PartSums all;
  for (const SeenLabel& label : labels) all.add(label.row, label.loss);
  inspection.loss = all.mean();
  if (inspection.loss.labels == 0)
    return fail(ErrorKind::InvalidInput, {.where = "data", .what = "no token of it is learned, so there is no loss"});
  inspection.by_position = by_position(labels);
  if (kinds != nullptr) {
    PEGBOX_TRY(inspection.by_kind, by_kind(labels, data, *kinds));
  }
  const InductionTest induction =
      test_induction(*base.decoder, network, std::min(vocabulary, base.decoder->config().vocabulary), options.seed);
  inspection.induction_texts = induction.texts;
  for (std::size_t layer = 0; layer < inspection.layers.size(); ++layer)
    for (std::size_t head = 0; head < induction.shares[layer].size(); ++head)
      inspection.layers[layer].heads[head].induction_share = induction.shares[layer][head];
  add_importance(base, network, data, rows, lanes, options, inspection);
  inspection.adapter = adapter_norms(base, network);
  return inspection;
}

namespace {

Json head_json(const InspectedHead& head) {
  Json json = {{"entropy", json_number(head.pattern.entropy)},
               {"relative_entropy", json_number(head.pattern.relative_entropy)},
               {"distance", json_number(head.pattern.distance)},
               {"first_share", json_number(head.pattern.first_share)},
               {"previous_share", json_number(head.pattern.previous_share)},
               {"induction_share", json_number(head.induction_share)},
               {"gradient_importance", json_number(head.gradient)}};
  if (!head.removal) return json;
  json["removal"] = json_number(head.removal->loss);
  json["removal_error"] = json_number(head.removal->error);
  return json;
}

Json layer_json(const InspectedLayer& layer) {
  Json json = {{"stream", json_number(layer.stream)},
               {"stream_largest", json_number(layer.stream_largest)},
               {"attention_adds", json_number(layer.attended)},
               {"feed_forward_adds", json_number(layer.fed)},
               {"stream_gradient", json_number(layer.stream_gradient)},
               {"rollout_first_share", json_number(layer.rollout_first_share)},
               {"rollout_distance", json_number(layer.rollout_distance)},
               {"units", layer.units},
               {"dead_units", layer.dead_units},
               {"dead_below", json_number(layer.dead_below)},
               {"heads", Json::array()}};
  for (const InspectedHead& head : layer.heads) json["heads"].push_back(head_json(head));
  return json;
}

Json parts_json(const std::vector<LossPart>& parts) {
  Json json = Json::array();
  for (const LossPart& part : parts)
    json.push_back({{"of", part.name},
                    {"label_tokens", part.mean.labels},
                    {"loss", json_number(part.mean.loss)},
                    {"error", json_number(part.mean.error)}});
  return json;
}

}  // namespace

Json to_json(const Inspection& inspection) {
  Json json = {{"documents", inspection.documents},
               {"tokens", inspection.tokens},
               {"label_tokens", inspection.loss.labels},
               {"loss", json_number(inspection.loss.loss)},
               {"error", json_number(inspection.loss.error)},
               {"removal_tokens", inspection.removal_tokens},
               {"layers", Json::array()},
               {"loss_by_kind", parts_json(inspection.by_kind)},
               {"loss_by_position", parts_json(inspection.by_position)},
               {"adapter", Json::array()},
               {"rollout", {{"tokens", inspection.rollout.tokens}, {"relevance", inspection.rollout.relevance}}},
               {"induction_texts", inspection.induction_texts}};
  for (const InspectedLayer& layer : inspection.layers) json["layers"].push_back(layer_json(layer));
  for (const AdapterNorm& norm : inspection.adapter)
    json["adapter"].push_back({{"layer", norm.layer},
                               {"target", norm.target},
                               {"norm", json_number(norm.norm)},
                               {"relative_norm", json_number(norm.relative_norm)},
                               {"rank", norm.rank},
                               {"energy_rank", norm.energy_rank}});
  return json;
}

}  // namespace pegbox::train
