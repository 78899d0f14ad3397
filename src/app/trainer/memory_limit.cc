// memory_limit: see memory_limit.h.
#include "app/trainer/memory_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <vector>

#include "train/memory.h"
#include "train/method/method.h"
#include "train/method/scratch_model.h"
#include "train/method/trace.h"
#include "train/optim/optimizer.h"

namespace pegbox::trainer {

namespace {

/// What a run trains and what a lane's pass holds, as expressions.
struct Sizes {
  std::string parameters;
  std::string fixed_bytes, bytes_per_token;  ///< of a pass
  std::string own_bytes = "0";               ///< that a method keeps besides
};

/// What a lane's pass holds at its peak, besides gradients of weights that are there, as a line over its tokens.
struct Line {
  double fixed = 0, per_token = 0;
  Line operator-(const Line& other) const { return {fixed - other.fixed, per_token - other.per_token}; }
  Line operator*(double factor) const { return {fixed * factor, per_token * factor}; }
};

constexpr double kFewTokens = 1024, kManyTokens = 2048;  // between which a line is drawn

/// Nothing if the model has no such run.
std::optional<Line> line_of(const train::BaseModel& base, const train::TrainConfig& run,
                            const train::RowLengths& rows) {
  const auto method = train::make_method(run, base);
  if (!method) return std::nullopt;
  const auto peak = [&](double tokens) {
    const train::BatchShape shape{tokens, tokens * rows.label_fraction, std::max(1.0, tokens / rows.mean)};
    return train::training_tape(run, **method, *base.decoder, shape).peak(/*accumulates=*/true);
  };
  const double few = peak(kFewTokens), slope = (peak(kManyTokens) - few) / (kManyTokens - kFewTokens);
  return Line{few - slope * kFewTokens, slope};
}

/// Both parts of a line as sums of numbers times expressions.
struct LineText {
  std::string fixed = "0", per_token = "0";
  void add(const std::string& factor, const Line& line) {
    if (line.fixed != 0) fixed += fmt::format(" + {} * {:.0f}", factor, line.fixed);
    if (line.per_token != 0) per_token += fmt::format(" + {} * {:.2f}", factor, line.per_token);
  }
};

/// How a method's line follows a field: by how much it changes when `make` was called, times `factor`.
struct Change {
  std::string factor;
  std::function<void(train::TrainConfig&)> make;
};

std::vector<Change> changes_of(const std::string& method, const std::string& own_target) {
  using Run = train::TrainConfig;
  const Change dropout{"(dropout > 0)", [](Run& run) { run.dropout = 0.1; }};
  if (method == "full") return {dropout};
  if (method == "last_k") return {dropout, {"(last_layers - 1)", [](Run& run) { run.last_layers = 2; }}};
  if (method == "prompt" || method == "prefix")
    return {{"(virtual_tokens / 20 - 1)", [](Run& run) { run.virtual_tokens = 40; }}};
  if (method == "adapter")
    return {dropout,
            {"(adapter_width / 64 - 1)", [](Run& run) { run.adapter_width = 128; }},
            {"(adapter_placement == 'houlsby')", [](Run& run) { run.adapter_placement = "houlsby"; }},
            {"(adapter_placement == 'parallel')", [](Run& run) { run.adapter_placement = "parallel"; }}};
  if (method != "lora" && method != "qlora") return {};
  std::vector<Change> changes{
      dropout,
      {"(rank / 2 - 1)", [](Run& run) { run.rank = 4; }},
      {"dora", [](Run& run) { run.dora = true; }},
      {"((lora_start == 'pissa') + (lora_start == 'olora'))", [](Run& run) { run.lora_start = "pissa"; }}};
  std::vector<std::string> targets{"attention", "feed_forward"};
  if (own_target != "all" && std::ranges::find(targets, own_target) == targets.end()) targets.push_back(own_target);
  for (const std::string& target : targets)
    changes.push_back({fmt::format("(target == '{}')", target), [target](Run& run) { run.target = target; }});
  return changes;
}

/// The lines of all methods on a base, each times whether it is the trial's.
LineText lines_on(const train::BaseModel& base, const train::TrainConfig& run, const train::RowLengths& rows) {
  LineText text;
  for (const std::string_view name : train::method_names())
    for (const char* recompute : {"none", "layers"}) {
      if (!train::method_trains(name)) continue;
      train::TrainConfig plain;
      std::tie(plain.method, plain.recompute, plain.precision) = std::tuple(name, recompute, run.precision);
      std::tie(plain.rank, plain.last_layers) = std::pair(2, 1);
      const auto line = line_of(base, plain, rows);
      if (!line) continue;
      const std::string here = fmt::format("(method == '{}') * (recompute == '{}')", name, recompute);
      text.add(here, *line);
      for (const Change& change : changes_of(plain.method, run.target)) {
        train::TrainConfig changed = plain;
        change.make(changed);
        if (const auto other = line_of(base, changed, rows)) text.add(here + " * " + change.factor, *other - *line);
      }
    }
  return text;
}

std::int64_t parameters_of(const train::BaseModel& base, train::TrainConfig run, const char* method) {
  run.method = method;
  const auto made = train::make_method(run, base);
  return made ? (*made)->parameter_count() : 0;
}

/// The parameters of a method whose number grows with a field, as an expression.
std::string linear_in(const train::BaseModel& base, train::TrainConfig run, const char* method,
                      std::int64_t train::TrainConfig::* field, const char* name) {
  run.*field = 1;
  const std::int64_t one = parameters_of(base, run, method);
  run.*field = 2;
  const std::int64_t slope = std::max<std::int64_t>(0, parameters_of(base, run, method) - one);
  return fmt::format("({} + {} * {})", one - slope, name, slope);
}

/// Parameters of LoRA as an expression over target and rank, or, if `magnitudes`, of DoRA's lengths over target.
std::string lora_parameters(const train::BaseModel& base, train::TrainConfig run, bool magnitudes) {
  const char* const method = base.is_nf4_alone() ? "qlora" : "lora";
  run.rank = 1;
  const auto of_target = [&](const std::string& target) {
    train::TrainConfig with = run;
    with.target = target;
    with.dora = magnitudes;
    const std::int64_t all = parameters_of(base, with, method);
    with.dora = false;
    return magnitudes ? all - parameters_of(base, with, method) : all;
  };
  const std::int64_t all = of_target("all");
  std::string text = fmt::format("{}", all);  // lists of names are taken for all of them, but for the config's own
  std::vector<std::string> targets{"attention", "feed_forward"};
  if (run.target != "all" && std::ranges::find(targets, run.target) == targets.end()) targets.push_back(run.target);
  for (const std::string& target : targets)
    if (const std::int64_t of_it = of_target(target); of_it > 0)
      text += fmt::format(" - (target == '{}') * {}", target, all - of_it);
  return fmt::format("({})", text);
}

Sizes sizes_on(const train::BaseModel& base, const train::TrainConfig& run, const train::RowLengths& rows) {
  const std::string is_lora = "((method == 'lora') + (method == 'qlora'))";
  const std::string factors = fmt::format("{} * rank * {}", is_lora, lora_parameters(base, run, false));
  std::string all_methods = fmt::format("{} + {} * dora * {}", factors, is_lora, lora_parameters(base, run, true));
  const auto add = [&](const char* method, const std::string& count) {
    all_methods += fmt::format(" + (method == '{}') * {}", method, count);
  };
  for (const char* method : {"full", "bias", "ia3"}) add(method, fmt::format("{}", parameters_of(base, run, method)));
  add("last_k", linear_in(base, run, "last_k", &train::TrainConfig::last_layers, "last_layers"));
  for (const char* method : {"prompt", "prefix"})
    add(method, linear_in(base, run, method, &train::TrainConfig::virtual_tokens, "virtual_tokens"));
  for (const char* placement : {"houlsby", "pfeiffer", "parallel"}) {
    train::TrainConfig changed = run;
    changed.adapter_placement = placement;
    add("adapter",
        fmt::format("(adapter_placement == '{}') * {}", placement,
                    linear_in(base, changed, "adapter", &train::TrainConfig::adapter_width, "adapter_width")));
  }
  const LineText lines = lines_on(base, run, rows);
  return {.parameters = fmt::format("({})", all_methods),
          .fixed_bytes = fmt::format("({})", lines.fixed),
          .bytes_per_token = fmt::format("({})", lines.per_token),
          .own_bytes =
              fmt::format("((lora_start == 'pissa') + (lora_start == 'olora')) * {} * {}", sizeof(float), factors)};
}

/// A scratch model's line over its sizes, f(l, w, i) = A + B w + l (C w + D i + E), from a few models of its shape.
void add_scratch_lines(const Workplace& workplace, const train::TrainConfig& run, const train::RowLengths& rows,
                       const std::string& inner, LineText& text) {
  const auto& model_text = workplace.corpus->text();
  constexpr std::int64_t kWidth = 128, kInner = 256;
  const auto line = [&](std::int64_t layers, std::int64_t width, std::int64_t feed_forward) -> Line {
    train::TrainConfig sized = run;
    std::tie(sized.layers, sized.width, sized.feed_forward) = std::tuple(layers, width, feed_forward);
    std::tie(sized.heads, sized.kv_heads, sized.window) = std::tuple(4, 0, 0);
    const auto model =
        train::scratch_model(sized, workplace.vocabulary, model_text.end.id, workplace.corpus->classes());
    return model ? line_of(*model, sized, rows).value_or(Line{}) : Line{};
  };
  const Line one = line(1, kWidth, kInner), layer = line(2, kWidth, kInner) - one, rest = one - layer;
  const Line wide_one = line(1, 2 * kWidth, kInner), wide = line(2, 2 * kWidth, kInner) - wide_one;
  const Line tall = line(2, kWidth, 2 * kInner) - line(1, kWidth, 2 * kInner);
  const Line of_width = (wide - layer) * (1.0 / kWidth), of_inner = (tall - layer) * (1.0 / kInner);
  const Line of_rest = (wide_one - wide - rest) * (1.0 / kWidth);
  const std::string here = fmt::format("(shape == '{}') * (recompute == '{}')", run.shape, run.recompute);
  text.add(here, rest - of_rest * kWidth);
  text.add(here + " * width", of_rest);
  text.add(here + " * layers", layer - of_width * kWidth - of_inner * kInner);
  text.add(here + " * layers * width", of_width);
  text.add(here + " * layers * " + inner, of_inner);
}

/// Norms and biases are left out, and grouped keys are counted whole: it is about right, and rather too much.
Sizes sizes_from_scratch(const Workplace& workplace, const train::TrainConfig& run, const train::RowLengths& rows) {
  const std::int64_t vocabulary = workplace.vocabulary;
  const std::string gpt2 = "(shape == 'gpt2')";
  std::string plain = "(0";
  for (const std::string_view shape : train::shapes_without_gate()) plain += fmt::format(" + (shape == '{}')", shape);
  plain += ")";
  const std::string gated = fmt::format("(1 - {})", plain);
  const std::string inner =
      fmt::format("(feed_forward + (feed_forward == 0) * width * ({} * 4 + {} * 8 / 3))", plain, gated);
  const std::string heads = "(heads * head_dim + (head_dim == 0) * width)";
  LineText lines;
  const auto& rows_of_fields = train::train_fields().rows();
  for (const std::string_view shape : std::ranges::find(rows_of_fields, "shape", &FieldRow::name)->choices)
    for (const char* recompute : {"none", "layers"}) {
      train::TrainConfig shaped = run;
      std::tie(shaped.shape, shaped.recompute) = std::pair(shape, recompute);
      add_scratch_lines(workplace, shaped, rows, inner, lines);
    }
  return {
      .parameters = fmt::format("(width * ({} * (2 - tie_embeddings) + {} * max(positions, sequence_length, 512)) + "
                                "layers * width * (4 * {} + (2 + {}) * {}))",
                                vocabulary, gpt2, heads, gated, inner),
      .fixed_bytes = fmt::format("({})", lines.fixed),
      .bytes_per_token = fmt::format("({})", lines.per_token)};
}

/// Bytes of the optimizer's state, of averages and of copies, for each byte that is trained: measured on the run's own
/// parameters, with each optimizer and precision.
std::string state_factor(const Workplace& workplace, const train::TrainConfig& run) {
  std::string text;
  for (const std::string_view optimizer : train::optimizer_names()) {
    const train::OptimizerDefaults& defaults = train::optimizer_defaults(optimizer);
    train::TrainConfig with = run;
    with.optimizer = optimizer;
    if (with.optimizer != run.optimizer)
      std::tie(with.beta1, with.momentum) = std::tie(defaults.beta1, defaults.momentum);
    const auto factor = [&](const char* precision) {
      if (defaults.quantizes) with.state_precision = precision;
      const auto need = memory_need_of(workplace, with);
      return need ? (need->state_bytes + need->copies_bytes) / need->values_bytes : 2;
    };
    const double fp32 = factor("fp32");
    text += fmt::format("{}(optimizer == '{}') * ({:.4f}", text.empty() ? "" : " + ", optimizer, fp32);
    if (defaults.quantizes)
      for (const char* precision : {"bf16", "int8"})
        text += fmt::format(" - (state_precision == '{}') * {:.4f}", precision, fp32 - factor(precision));
    text += ")";
  }
  return fmt::format("({})", text);
}

/// Bytes of a teacher's answers, as train::Teacher::Answers::need counts them; `values` has the facts of the data.
std::string teacher_bytes(const Workplace& workplace, const Json& values) {
  if (!workplace.teacher) return "0";
  const auto vocabulary = values["vocabulary"].get<std::int64_t>();
  const auto of_label = [&](std::int64_t top) {
    return train::SoftLabelForm{.top = top, .vocabulary = vocabulary}.bytes_per_label();
  };
  const std::int64_t of_token = of_label(2) - of_label(1), of_rest = of_label(1) - of_token;
  const double epochs = values["steps"].get<double>() / values["train_tokens"].get<double>();
  return fmt::format(
      "(distill_weight > 0) * min({}, {:.0f} * ((distill_top == 0) * {} + (distill_top > 0) * min({}, {} + {} * "
      "distill_top)))",
      workplace.teacher->teacher().most_bytes(), values["train_label_tokens"].get<double>() * std::min(1.0, epochs),
      of_label(0), of_label(vocabulary - 1), of_rest, of_token);
}

}  // namespace

std::optional<std::string> peak_memory_limit(const Workplace& workplace, const train::TrainConfig& run,
                                             const train::RowLengths& rows, Json& values) {
  const bool from_scratch = !train::method_needs_base(run.method), has_base = workplace.base.decoder != nullptr;
  if (from_scratch == has_base) return std::nullopt;
  const Json config = train::train_fields().write(run);
  std::vector<std::string> names{"method",        "rank",        "target",        "dora",
                                 "lora_start",    "last_layers", "adapter_width", "adapter_placement",
                                 "virtual_tokens"};
  if (from_scratch)
    names = {"shape",        "layers",    "width",          "heads",          "head_dim",
             "feed_forward", "positions", "tie_embeddings", "sequence_length"};
  for (const char* name : {"batch_size", "micro_batch", "sequence_length", "recompute", "optimizer", "state_precision",
                           "dropout", "distill_weight", "distill_top"})
    names.emplace_back(name);
  for (const std::string& name : names)
    if (!values.contains(name)) values[name] = config[name];
  const Sizes sizes = from_scratch ? sizes_from_scratch(workplace, run, rows) : sizes_on(workplace.base, run, rows);
  const int lanes = workplace.lanes->count();
  const std::string most = fmt::format("(micro_batch + (micro_batch == 0) * min({}, max({}, ({:.0f} - {}) / {})))",
                                       train::kMostMicroBatchTokens, train::kLeastMicroBatchTokens,
                                       train::kActivationBytes, sizes.fixed_bytes, sizes.bytes_per_token);
  const std::string batch =
      fmt::format("(batch_size * {:.1f} * max(1, sequence_length / {}))", rows.mean, run.sequence_length);
  const std::string turns = fmt::format("max(1, ceil({} / ({} * {})))", batch, lanes, most);
  const std::string values_bytes = fmt::format("{} * {}", sizeof(float), sizes.parameters);
  // Gradients that a lane's only pass makes are not there at its peak yet.
  const std::string activations =
      fmt::format("max(0, {} * ({} + {} / ({} * {}) * {} - ({} == 1) * {}))", lanes, sizes.fixed_bytes, batch, lanes,
                  turns, sizes.bytes_per_token, turns, values_bytes);
  const std::string held = fmt::format("(1 + {})", state_factor(workplace, run));
  const train::MemoryCorrection& correction = workplace.correction;
  const double programs_bytes = run.precision == "bf16" ? train::kProgramsBytes : 0;
  return fmt::format("{:.0f} + ({} + {}) * {} + {} + {} + {:.3f} * {}",
                     workplace.loaded_bytes + correction.process_bytes + programs_bytes, lanes, held, values_bytes,
                     sizes.own_bytes, teacher_bytes(workplace, values), correction.factor, activations);
}

}  // namespace pegbox::trainer
