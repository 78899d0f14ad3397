// Findings: see findings.h.
#include "train/inspect/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

namespace pegbox::train {

namespace {

using Limits = FindingThresholds;
using Finding = std::optional<InspectionFinding>;

constexpr double kTwoSided = 1.96;  // standard errors of a 95 % interval

std::string percent(double fraction) { return fmt::format("{:.3g} %", 100 * fraction); }

/// "0.1, 0.3 and 2 more": heads by layer and number, from 0.
class HeadList {
 public:
  void add(std::size_t layer, std::size_t head) {
    if (count_++ < kShown) text_ += fmt::format("{}{}.{}", text_.empty() ? "" : ", ", layer, head);
  }
  std::int64_t count() const { return count_; }
  std::string text() const { return count_ > kShown ? fmt::format("{} and {} more", text_, count_ - kShown) : text_; }

 private:
  static constexpr std::int64_t kShown = 8;
  std::int64_t count_ = 0;
  std::string text_;
};

template <class Function>
void for_each_head(const Inspection& inspection, Function&& function) {
  for (std::size_t layer = 0; layer < inspection.layers.size(); ++layer)
    for (std::size_t head = 0; head < inspection.layers[layer].heads.size(); ++head)
      function(layer, head, inspection.layers[layer].heads[head]);
}

bool changes_nothing(const InspectedLayer& layer, const InspectedHead& head) {
  const double largest = std::ranges::max(layer.heads, {}, &InspectedHead::gradient).gradient;
  return head.gradient <= Limits::kDeadHead * largest;
}

Finding dead_heads(const Inspection& inspection) {
  HeadList dead;
  for_each_head(inspection, [&](std::size_t layer, std::size_t head, const InspectedHead& seen) {
    if (changes_nothing(inspection.layers[layer], seen)) dead.add(layer, head);
  });
  if (dead.count() == 0) return {};
  return InspectionFinding{
      "dead-heads",
      fmt::format("Heads {} (layer.head) change nothing: the loss' gradient by what they say is below {} of that of "
                  "their layer's first head in importance.",
                  dead.text(), percent(Limits::kDeadHead)),
      {"initialization", "initial_deviation", "learning_rate", "heads"},
      "Try a lower learning_rate or more warmup, under which heads die less often, or as many heads fewer."};
}

Finding idle_heads(const Inspection& inspection) {
  HeadList idle;
  std::int64_t all = 0;
  for_each_head(inspection, [&](std::size_t layer, std::size_t head, const InspectedHead& seen) {
    if (!seen.removal) return;
    ++all;
    if (seen.removal->loss + kTwoSided * seen.removal->error < Limits::kNoLoss) idle.add(layer, head);
  });
  if (all == 0 || static_cast<double>(idle.count()) < Limits::kIdleHeads * static_cast<double>(all)) return {};
  return InspectionFinding{
      "idle-heads",
      fmt::format("{} of {} heads could each be taken away for less than {} nats (with 95 % certainty, on {} tokens), "
                  "which is what a loss differs by between seeds: {}.",
                  idle.count(), all, Limits::kNoLoss, inspection.removal_tokens, idle.text()),
      {"heads", "head_dim", "layers"},
      "Try fewer heads: what one can spare, several together may not."};
}

Finding dead_units(const Inspection& inspection) {
  std::string layers;
  for (std::size_t i = 0; i < inspection.layers.size(); ++i) {
    const InspectedLayer& layer = inspection.layers[i];
    const double share =
        static_cast<double>(layer.dead_units) / static_cast<double>(std::max<std::int64_t>(1, layer.units));
    if (share >= Limits::kDeadUnits)
      layers += fmt::format("{}{} in layer {}", layers.empty() ? "" : ", ", percent(share), i);
  }
  if (layers.empty()) return {};
  const std::string dead =
      inspection.exact_zeros ? "are 0 on all of them"
                             : fmt::format("never reach {} of their layer's root mean square", percent(kDeadFraction));
  return InspectionFinding{
      "dead-units",
      fmt::format("Units of the feed-forward network are dead: {}. On {} tokens they {}.", layers, inspection.tokens,
                  dead),
      {"initialization", "initial_deviation", "learning_rate", "activation", "feed_forward"},
      "Try a lower learning_rate, another activation (silu dies less than relu), or a smaller feed_forward."};
}

Finding uneven_gradients(const Inspection& inspection) {
  if (inspection.layers.empty()) return {};
  const auto [least, most] = std::ranges::minmax_element(inspection.layers, {}, &InspectedLayer::stream_gradient);
  if (!(most->stream_gradient > Limits::kGradients * least->stream_gradient)) return {};
  return InspectionFinding{
      "uneven-gradients",
      fmt::format(
          "Gradients differ by a factor of {:.3g} between layers: {:.3g} behind layer {}, {:.3g} behind layer {}.",
          most->stream_gradient / least->stream_gradient, least->stream_gradient, least - inspection.layers.begin(),
          most->stream_gradient, most - inspection.layers.begin()),
      {"initialization", "initial_deviation", "layer_rate_decay", "clip"},
      "Try initialization gpt2 with an initial_deviation of 0.02, or a stricter clip."};
}

Finding idle_layers(const Inspection& inspection) {
  std::string layers;
  for (std::size_t i = 0; i < inspection.layers.size(); ++i) {
    const InspectedLayer& layer = inspection.layers[i];
    if (std::max(layer.attended, layer.fed) >= Limits::kIdleLayer * layer.stream) continue;
    layers += fmt::format("{}{} adds {} and {}", layers.empty() ? "" : ", ", i, percent(layer.attended / layer.stream),
                          percent(layer.fed / layer.stream));
  }
  if (layers.empty()) return {};
  return InspectionFinding{
      "idle-layers",
      "Layers add hardly anything to the stream, by attention and by feed-forward network: layer " + layers + " of it.",
      {"layers", "initialization", "initial_deviation"},
      "Try fewer layers, or a larger initial_deviation."};
}

double mean_relative_entropy(const InspectedLayer& layer) {
  double sum = 0;
  for (const InspectedHead& head : layer.heads) sum += head.pattern.relative_entropy;
  return sum / static_cast<double>(std::max<std::size_t>(1, layer.heads.size()));
}

Finding collapsed_attention(const Inspection& inspection) {
  std::string layers;
  for (std::size_t i = 0; i < inspection.layers.size(); ++i)
    if (const double entropy = mean_relative_entropy(inspection.layers[i]); entropy < Limits::kOneKey)
      layers += fmt::format("{}{:.2g} in layer {}", layers.empty() ? "" : ", ", entropy, i);
  if (layers.empty()) return {};
  return InspectionFinding{
      "collapsed-attention",
      fmt::format("Attention has collapsed: each query looks at one key (mean entropy, relative to that of equal "
                  "shares: {}; below {}).",
                  layers, Limits::kOneKey),
      {"learning_rate", "warmup_fraction", "initial_deviation"},
      "Try a lower learning_rate, more warmup, or a smaller initial_deviation (Zhai et al. 2023, arXiv 2303.06296)."};
}

Finding blind_attention(const Inspection& inspection) {
  if (inspection.layers.empty()) return {};
  const auto entropies = [&](const InspectedLayer& layer) { return mean_relative_entropy(layer); };
  const double least = entropies(std::ranges::min(inspection.layers, {}, entropies));
  if (least < Limits::kAllKeys) return {};
  return InspectionFinding{
      "blind-attention",
      fmt::format(
          "No layer has learned where to look: attention is nearly the same for all keys (mean entropy, relative "
          "to that of equal shares, {:.3g} in the layer where it is least; above {}).",
          least, Limits::kAllKeys),
      {"learning_rate", "tokens", "epochs", "initial_deviation"},
      "Try a higher learning_rate, or a longer run."};
}

/// The first part after which none can be lower by what counts, two standard errors included, if there are two at
/// least: of twice and four times its context. That chance may hide a fall is no finding.
Finding flat_positions(const Inspection& inspection) {
  const auto& parts = inspection.by_position;
  const auto may_be_lower = [](const MeanLoss& later, const MeanLoss& earlier) {
    return !(earlier.loss - later.loss + 2 * std::hypot(earlier.error, later.error) < Limits::kFlatLoss * earlier.loss);
  };
  for (std::size_t i = 0; i + 2 < parts.size(); ++i) {
    const auto later = parts.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::any_of(later, parts.end(), [&](const LossPart& part) { return may_be_lower(part.mean, parts[i].mean); }))
      continue;
    const LossPart& last = parts.back();
    const std::string end = parts[i].name.substr(parts[i].name.find('-') + 1);
    return InspectionFinding{
        "short-context",
        fmt::format(
            "The loss does not fall any more behind {} tokens of context: {:.4g} ± {:.2g} with {}, {:.4g} ± {:.2g} "
            "with {} (no part is lower by {}, two standard errors included).",
            end, parts[i].mean.loss, parts[i].mean.error, parts[i].name, last.mean.loss, last.mean.error, last.name,
            percent(Limits::kFlatLoss)),
        {"sequence_length", "positions", "window"},
        fmt::format("Try a sequence_length of {}, which is faster, or a window; texts whose beginnings are easier than "
                    "their ends look the same.",
                    end)};
  }
  return {};
}

Finding used_rank(const Inspection& inspection) {
  if (inspection.adapter.empty()) return {};
  std::int64_t most = 0, rank = 0;
  double share = 0;
  for (const AdapterNorm& norm : inspection.adapter) {
    most = std::max(most, norm.energy_rank);
    rank = std::max(rank, norm.rank);
    share += static_cast<double>(norm.energy_rank) / static_cast<double>(norm.rank) /
             static_cast<double>(inspection.adapter.size());
  }
  if (most == 0)
    return InspectionFinding{"empty-adapter",
                             "All updates of the adapter are 0: it has learned nothing.",
                             {"learning_rate", "tokens", "epochs"},
                             "Try a higher learning_rate, or a longer run."};
  if (static_cast<double>(most) <= Limits::kLowRank * static_cast<double>(rank))
    return InspectionFinding{
        "spare-rank",
        fmt::format("No update uses more than {} of the {} ranks of the adapter as saved for 99 % of its energy.", most,
                    rank),
        {"rank"},
        fmt::format("Try rank {}; PiSSA and OLoRA are saved with twice the rank that they were trained with.", most)};
  if (share < Limits::kFullRank) return {};
  return InspectionFinding{
      "full-rank",
      fmt::format("The updates use {} of the {} ranks of the adapter as saved, on average, for 99 % of their energy.",
                  percent(share), rank),
      {"rank"},
      "Try twice the rank that it was trained with: that all is used does not say that more helps."};
}

}  // namespace

std::vector<NotableHead> notable_heads(const Inspection& inspection) {
  std::vector<NotableHead> notable;
  for_each_head(inspection, [&](std::size_t layer, std::size_t head, const InspectedHead& seen) {
    const auto note = [&](std::string_view kind, double share) {
      if (share > Limits::kNotableShare) notable.push_back({layer, head, kind, share});
    };
    note("first token", seen.pattern.first_share);
    note("previous token", seen.pattern.previous_share);
    note("induction", seen.induction_share);
  });
  return notable;
}

std::vector<InspectionFinding> findings_of(const Inspection& inspection) {
  std::vector<InspectionFinding> findings;
  for (const auto& find : {dead_heads, idle_heads, dead_units, uneven_gradients, idle_layers, collapsed_attention,
                           blind_attention, flat_positions, used_rank})
    if (auto found = find(inspection)) findings.push_back(*std::move(found));
  return findings;
}

void add_findings(const Inspection& inspection, Json& json) {
  json["notable_heads"] = Json::array();
  for (const NotableHead& head : notable_heads(inspection))
    json["notable_heads"].push_back(
        {{"layer", head.layer}, {"head", head.head}, {"kind", head.kind}, {"share", head.share}});
  json["findings"] = Json::array();
  for (const InspectionFinding& finding : findings_of(inspection))
    json["findings"].push_back(
        {{"name", finding.name}, {"what", finding.what}, {"bears_on", finding.bears_on}, {"try", finding.hint}});
}

}  // namespace pegbox::train
