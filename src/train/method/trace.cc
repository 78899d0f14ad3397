// Trace: see trace.h.
#include "train/method/trace.h"

#include <algorithm>
#include <utility>

#include "train/method/method.h"
#include "train/ops/loss.h"

namespace pegbox::train {

namespace {

using Gradient = Tape::Gradient;

constexpr double kIndexBytes = 8;

}  // namespace

Trace::Trace(const TrainConfig& config, const Method& method, const Decoder& decoder, BatchShape shape)
    : config_(config), method_(method), decoder_(decoder), model_(decoder.config()), shape_(shape) {
  for (const Parameter& parameter : method.parameter_shapes()) trained_.insert(parameter.name);
  virtual_rows_ = shape.documents * static_cast<double>(method.virtual_tokens());
  has_prompt_ = virtual_rows_ > 0 && trained_.contains("prompt");
  record();
}

double Trace::trained_bytes(int slot) const {
  if (slot < 0) return 0;
  const TensorSlot& tensor = layout().slots[static_cast<std::size_t>(slot)];
  return trained_.contains(tensor.name) ? bytes(static_cast<double>(tensor.size())) : 0;
}

Trace::Sized Trace::apply(const Sized& x, double columns, Tape::Op op) {
  op.inputs = {x.value};
  op.outputs = {bytes(x.rows, columns)};
  return {tape_.add_one(std::move(op)), x.rows, columns};
}

Trace::Sized Trace::sum(const Sized& a, const Sized& b) {
  return {tape_.add_one(
              {.inputs = {a.value, b.value}, .outputs = {bytes(a.rows, a.columns)}, .gradient = Gradient::Passed}),
          a.rows, a.columns};
}

Trace::Sized Trace::dropped(const Sized& x, double probability) { return probability > 0 ? apply(x, x.columns) : x; }

double Trace::product_workspace(int group, double rows) const {
  const LinearGroup& layer = layout().groups[static_cast<std::size_t>(group)];
  const auto inputs = static_cast<double>(layer.inputs), outputs = static_cast<double>(layer.outputs);
  if (config_.method == "qlora") return bytes(inputs, outputs);  // decoded
  // Rounded factors and results, and the sums of the product in fp32.
  return config_.precision == "bf16" ? 2 * rows * (inputs + outputs) + bytes(rows, outputs) : 0.0;
}

Trace::Sized Trace::linear(int group, const Sized& x) {
  const LinearGroup& layer = layout().groups[static_cast<std::size_t>(group)];
  const double trained = trained_bytes(layer.weight), workspace = product_workspace(group, x.rows);
  Tape::Op op{.trained = trained + trained_bytes(layer.bias), .forward = workspace, .backward = workspace};
  if (trained > 0) op.keeps = {x.value};
  return apply(x, static_cast<double>(layer.outputs), std::move(op));
}

/// Rows of x by number.
Trace::Sized Trace::selected(const Sized& x, double rows) {
  return {tape_.add_one({.inputs = {x.value}, .outputs = {bytes(rows, x.columns)}}), rows, x.columns};
}

/// VirtualRows::behind.
Trace::Sized Trace::behind(const Sized& first, const Sized& rows) {
  const double all = first.rows + rows.rows;
  const Sized joined{
      tape_.add_one(
          {.inputs = {first.value, rows.value}, .outputs = {bytes(all, rows.columns)}, .gradient = Gradient::Passed}),
      all, rows.columns};
  return selected(joined, virtual_rows_ + rows.rows);
}

Trace::Sized Trace::embedded() {
  const auto width = static_cast<double>(model_.width);
  const Tape::Value ids = tape_.source(kIndexBytes * shape_.tokens);
  const auto look_up = [&](int slot) {
    // The gradient is of the whole table; one that is the head's too is added to what is there.
    const double table = trained_bytes(slot);
    const bool again = slot == layout().head;
    return Sized{tape_.add_one({.inputs = {ids},
                                .outputs = {bytes(shape_.tokens, width)},
                                .trained = again ? std::min(table, 1.0) : table,
                                .backward = again ? table : 0.0}),
                 shape_.tokens, width};
  };
  Sized x = look_up(layout().embedding);
  if (model_.scaled_embeddings) x = apply(x, width);
  if (has_prompt_) {
    const auto count = static_cast<double>(method_.virtual_tokens());
    x = behind({tape_.source(bytes(count, width), true), count, width}, x);
  }
  if (layout().positions >= 0) {
    Sized placed = look_up(layout().positions);
    placed.rows = x.rows;
    x = sum(x, placed);
  }
  return dropped(x, method_.model_dropout().embedding);
}

std::pair<Trace::Sized, Trace::Sized> Trace::add_and_norm(const Sized& x, const Sized& delta, bool has_delta,
                                                          const NormSlots& norm) {
  const double all = bytes(x.rows, x.columns), trained = trained_bytes(norm);
  if (model_.norm == NormKind::Layer) {
    const Sized total = has_delta ? sum(x, delta) : x;
    return {total, apply(total, x.columns, {.keeps = {total.value}, .kept = 2 * bytes(x.rows), .trained = trained})};
  }
  if (!has_delta) return {x, apply(x, x.columns, {.keeps = {x.value}, .kept = bytes(x.rows), .trained = trained})};
  const auto outputs = tape_.add({.inputs = {x.value, delta.value},
                                  .outputs = {all, all},
                                  .keeps_outputs = {0},
                                  .kept = bytes(x.rows),
                                  .trained = trained,
                                  .gradient = Gradient::One});
  return {{outputs[0], x.rows, x.columns}, {outputs[1], x.rows, x.columns}};
}

Trace::Sized Trace::post_norm(const Sized& x, const NormSlots& norm) {
  return norm.gain < 0 ? x : add_and_norm(x, x, false, norm).second;
}

Trace::Sized Trace::head_norms(const LayerSlots& layer, const Sized& packed) {
  if (layer.query_norm.gain < 0) return packed;
  return apply(packed, packed.columns,
               {.keeps = {packed.value},
                .kept = bytes(packed.rows, static_cast<double>(model_.heads + 2 * model_.kv_heads)),
                .trained = trained_bytes(layer.query_norm) + trained_bytes(layer.key_norm)});
}

/// PackedAttention: it keeps what it turned, or what it was given, its result and the logarithms of sums.
Trace::Sized Trace::attention(const Sized& packed, double beside) {
  const bool turns = model_.position == PositionKind::Rotary;
  const auto heads = static_cast<double>(model_.heads);
  Tape::Op op{.keeps_outputs = {0},
              .kept = bytes(packed.rows, heads) + (turns ? bytes(packed.rows, packed.columns) : 0.0),
              .forward = beside};
  if (!turns) op.keeps = {packed.value};
  return apply(packed, heads * static_cast<double>(model_.head_width), std::move(op));
}

/// Attention of all rows of a text, and of trained rows before it.
Trace::Sized Trace::attended(const Sized& packed) {
  if (virtual_rows_ == 0 || has_prompt_) return attention(packed, 0);
  const auto count = static_cast<double>(method_.virtual_tokens());
  const Sized prefix{tape_.source(bytes(count, packed.columns), true), count, packed.columns};
  const Sized all = behind(apply(prefix, packed.columns, {.gradient = Gradient::Passed}), packed);
  return selected(attention(all, bytes(packed.rows, packed.columns)), packed.rows);  // the caller still holds `packed`
}

Trace::Sized Trace::activated(const Sized& x) {
  const bool gated = model_.gated;
  const auto inner = static_cast<double>(model_.feed_forward);
  const Activation kind = model_.activation;
  if (gated && (kind == Activation::Silu || kind == Activation::GeluTanh)) return apply(x, inner, {.keeps = {x.value}});
  Tape::Op op{.backward = gated ? bytes(x.rows, inner) : 0.0};
  const bool keeps_result = kind == Activation::Relu || kind == Activation::ReluSquared;
  if (keeps_result)
    op.keeps_outputs = {0};
  else
    op.keeps = {x.value};
  Sized result = apply(x, inner, std::move(op));
  if (kind == Activation::ReluSquared) result = apply(result, inner, {.keeps = {result.value}});
  if (!gated) return result;
  return {tape_.add_one({.inputs = {result.value, x.value},
                         .outputs = {bytes(x.rows, inner)},
                         .keeps = {result.value, x.value},
                         .backward = bytes(x.rows, inner)}),
          x.rows, inner};
}

std::pair<Trace::Sized, Trace::Sized> Trace::layer(std::size_t index, Sized x, Sized delta, bool has_delta) {
  const LayerSlots& layer = layout().layers[index];
  const double residual = method_.model_dropout().residual;
  const bool last = index + 1 == layout().layers.size();
  Sized normed;
  std::tie(x, normed) = add_and_norm(x, delta, has_delta, layer.attention_norm);
  Sized mixed = attended(head_norms(layer, method_.trace_linear(*this, layer.attention_input, normed)));
  if (last) {
    mixed = selected(mixed, shape_.label_rows);
    x = selected(x, shape_.label_rows);
  }
  const Sized attended = dropped(
      post_norm(method_.trace_linear(*this, layer.attention_output, mixed), layer.attention_post_norm), residual);
  const Sized first = normed;
  std::tie(x, normed) = add_and_norm(x, attended, true, layer.feed_norm);
  tape_.add({.inputs = {first.value}});
  const Sized inner = activated(method_.trace_linear(*this, layer.feed_input, normed));
  const Sized fed = post_norm(method_.trace_linear(*this, layer.feed_output, inner), layer.feed_post_norm);
  const Sized result = dropped(method_.trace_feed_forward(*this, static_cast<int>(index), normed, fed), residual);
  // Variables of Decoder::Pass::layer are there until it returns.
  tape_.add({.inputs = {mixed.value, attended.value, normed.value, inner.value, fed.value}});
  return {x, result};
}

/// LabelLoss: gradients come from its forward pass, in chunks of rows.
void Trace::loss(const Sized& hidden) {
  const std::int64_t vocabulary = model_.labels.empty() ? model_.vocabulary : std::ssize(model_.labels);
  const std::int64_t chunk_rows = loss_chunk_rows(static_cast<std::int64_t>(hidden.rows), vocabulary);
  double chunk = bytes(static_cast<double>(chunk_rows * vocabulary)) * (model_.logit_cap > 0 ? 3 : 1);
  if (config_.distill_weight > 0) {
    const std::int64_t tokens = config_.distill_top == 0 ? vocabulary : std::min(config_.distill_top, vocabulary);
    chunk += bytes(static_cast<double>(teacher_scratch(vocabulary, tokens)));
  }
  const double head = trained_bytes(layout().head);
  tape_.hold(hidden.value);
  tape_.add({.inputs = {hidden.value},
             .outputs = {kIndexBytes},
             .trained = head,
             .forward = chunk + head + bytes(hidden.rows, hidden.columns)});
}

void Trace::record() {
  Sized x = embedded(), delta = x;
  for (std::size_t i = 0; i < layout().layers.size(); ++i) {
    if (config_.recompute == "layers") tape_.begin_segment();
    std::tie(x, delta) = layer(i, x, delta, i > 0);
    tape_.end_segment();
  }
  loss(add_and_norm(x, delta, true, layout().final_norm).second);
}

Tape training_tape(const TrainConfig& config, const Method& method, const Decoder& decoder, const BatchShape& shape) {
  return std::move(Trace(config, method, decoder, shape).tape());
}

}  // namespace pegbox::train
