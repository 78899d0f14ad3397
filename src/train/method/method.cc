// Method: the table of methods.
#include "train/method/method.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "train/guard.h"
#include "train/method/adapter_files.h"
#include "train/method/bottleneck.h"
#include "train/method/class_head.h"
#include "train/method/full.h"
#include "train/method/ia3.h"
#include "train/method/lora.h"
#include "train/method/merge.h"
#include "train/method/none.h"
#include "train/method/some_weights.h"
#include "train/method/virtual_tokens.h"

namespace pegbox::train {

namespace {

struct MethodRow {
  std::string_view name;
  bool needs_base, trains;
  MethodDefaults defaults;
  Result<std::unique_ptr<Method>> (*make)(const TrainConfig&, const BaseModel&);
};

// scratch has the Step Law's rate, which a run computes (run.h). Rates of the others: T-Few (arXiv 2205.05638) for ia3;
// BitFit's and Houlsby's sweeps for bias and adapter; PEFT's examples for prompt and prefix.
constexpr std::array<MethodRow, 12> kMethods = {{{"lora", true, true, {2e-4, 0.0, 0.999}, make_lora},
                                                 {"qlora", true, true, {2e-4, 0.0, 0.999}, make_qlora},
                                                 {"full", true, true, {2e-5, 0.01, 0.999}, make_full},
                                                 {"scratch", false, true, {0, 0.1, 0.95}, make_full},
                                                 {"last_k", true, true, {5e-5, 0.01, 0.999}, make_last_k},
                                                 {"bias", true, true, {1e-3, 0.0, 0.999}, make_bias},
                                                 {"ia3", true, true, {3e-3, 0.0, 0.999}, make_ia3},
                                                 {"adapter", true, true, {3e-4, 0.0, 0.999}, make_bottleneck},
                                                 {"prompt", true, true, {3e-2, 0.0, 0.999}, make_prompt},
                                                 {"prefix", true, true, {1e-2, 0.0, 0.999}, make_prefix},
                                                 {"merge", true, false, {0, 0, 0.999}, make_merge},
                                                 {"none", true, false, {0, 0.0, 0.999}, make_none}}};

/// A kind of adapter that can be read.
struct KindRow {
  bool peft;  ///< else our own
  std::string_view kind;
  Result<Adapter> (*read)(AdapterFolder&, const BaseModel&);
};

constexpr std::array<KindRow, 6> kKinds = {{{true, "LORA", read_lora},
                                            {true, "IA3", read_ia3},
                                            {true, "PROMPT_TUNING", read_prompt},
                                            {true, "PREFIX_TUNING", read_prefix},
                                            {false, "weights", read_some_weights},
                                            {false, "bottleneck", read_bottleneck}}};

const MethodRow& method_row(std::string_view name) {
  const auto* const row = std::ranges::find(kMethods, name, &MethodRow::name);
  assert(row != kMethods.end());
  return *row;
}

}  // namespace

std::int64_t Method::parameter_count() const {
  std::int64_t sum = 0;
  for (const Parameter& parameter : parameter_shapes()) sum += parameter.value.numel();
  return sum;
}

Trace::Sized Method::trace_linear(Trace& trace, int group, const Trace::Sized& x) const {
  return trace.linear(group, x);
}

Trace::Sized Method::trace_feed_forward(Trace& /*trace*/, int /*layer*/, const Trace::Sized& /*input*/,
                                        const Trace::Sized& result) const {
  return result;
}

Tensor shape_only(const std::vector<std::int64_t>& shape) {
  return at::empty(shape, at::TensorOptions(at::kFloat).device(at::kMeta));
}

std::vector<std::string_view> method_names() {
  std::vector<std::string_view> names;
  for (const MethodRow& row : kMethods) names.push_back(row.name);
  return names;
}

const MethodDefaults& method_defaults(std::string_view name) { return method_row(name).defaults; }
bool method_needs_base(std::string_view name) { return method_row(name).needs_base; }
bool method_trains(std::string_view name) { return method_row(name).trains; }

Result<std::unique_ptr<Method>> make_method(const TrainConfig& config, const BaseModel& base) {
  if (base.is_nf4_alone() && config.method != "qlora" && method_trains(config.method))
    return fail(ErrorKind::InvalidInput,
                {.where = "method",
                 .what = "the base model is here in 4 bits alone, which no other method trains on",
                 .got = config.method,
                 .expected = "qlora"});
  if (config.precision == "bf16") PEGBOX_CHECK(check_bf16_products());
  if (method_needs_base(config.method) && base.is_bf16() != (config.precision == "bf16"))
    return fail(ErrorKind::InvalidInput, {.where = "precision",
                                          .what = "the base model is in memory in one precision, for all trials",
                                          .got = config.precision,
                                          .expected = base.is_bf16() ? "bf16" : "fp32",
                                          .hint = "put precision under trial.trainer, not into the space"});
  PEGBOX_TRY(auto method, method_row(config.method).make(config, base));
  const bool has_all = config.method == "full" || config.method == "scratch" || !method_trains(config.method);
  return base.decoder->config().labels.empty() || has_all ? std::move(method)
                                                          : with_class_head(std::move(method), base);
}

Result<Adapter> load_adapter(const Path& folder, const BaseModel& base) {
  return guard(folder.string(), [&]() -> Result<Adapter> {
    PEGBOX_TRY(AdapterFolder opened, AdapterFolder::open(folder));
    Tensor head;  // of a classifier
    if (!base.decoder->config().labels.empty()) {
      PEGBOX_TRY(head, take_class_head(opened, base));
    }
    std::vector<std::string_view> known;
    for (const KindRow& row : kKinds) {
      if (row.peft != opened.is_peft()) continue;
      known.push_back(row.kind);
      if (row.kind != opened.kind()) continue;
      PEGBOX_TRY(Adapter adapter, row.read(opened, base));
      if (!head.defined()) return adapter;
      adapter.values.push_back(head);
      adapter.method = with_class_head(std::move(adapter.method), base);
      return adapter;
    }
    return opened.refuse("this kind of adapter is not supported", opened.kind(),
                         fmt::format("{}", fmt::join(known, ", ")));
  });
}

}  // namespace pegbox::train
