// The verb train: one run without a search, with progress, checkpoints and a result that others load.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <optional>

#include "app/trainer/curves.h"
#include "app/trainer/preflight.h"
#include "app/trainer/verbs.h"
#include "app/trainer/workplace.h"
#include "base/clock.h"
#include "base/units.h"
#include "train/method/method.h"
#include "train/snapshot.h"

namespace pegbox::trainer {

namespace {

constexpr double kProgressSeconds = 5;

std::string show_perplexity(double perplexity) {
  return perplexity > 1e6 ? fmt::format("{:.2e}", perplexity) : fmt::format("{:.2f}", perplexity);
}

/// A stream's record: {"stages": [{"learned": sets so far, "losses": {set: loss}}]}, and what it tells.
void add_stream(const train::Stages& stages, std::int64_t tokens, Json& result) {
  const train::LossMatrix& losses = stages.losses();
  result["stages"] = Json::array();
  for (std::size_t learned = 0; learned < losses.rows().size(); ++learned) {
    Json row = {{"learned", learned}, {"losses", Json::object()}};
    for (std::size_t set = 0; set < losses.names().size(); ++set)
      row["losses"][losses.names()[set]] = json_number(losses.rows()[learned][set]);
    result["stages"].push_back(std::move(row));
  }
  for (const auto& [name, value] : stages.measures(tokens)) result[name] = value;
}

/// The same for people: a line for each time, a column for each set.
void print_stream(const train::Stages& stages, std::int64_t tokens, const Streams& streams) {
  const train::LossMatrix& losses = stages.losses();
  constexpr std::size_t kLeast = 8;  // characters of a loss
  fmt::print(streams.progress, "{:<20}", "validation loss of");
  for (const std::string& name : losses.names()) fmt::print(streams.progress, "  {:>{}}", name, kLeast);
  for (std::size_t learned = 0; learned < losses.rows().size(); ++learned) {
    fmt::print(streams.progress, "\n{:<20}", learned == 0 ? "at first" : "after " + losses.names()[learned - 1]);
    for (std::size_t set = 0; set < losses.names().size(); ++set)
      fmt::print(streams.progress, "  {:>{}.4f}", losses.rows()[learned][set],
                 std::max(kLeast, losses.names()[set].size()));
  }
  for (const auto& [name, value] : stages.measures(tokens))
    fmt::print(streams.progress, "\n{:<20}  {:.4f}", name, value);
  fmt::print(streams.progress, "\n");
}

std::atomic<bool> interrupted = false;  // set by SIGINT and SIGTERM

/// A run of the verb: trains to its end, evaluating and saving on the way.
class Session {
 public:
  Session(Workplace& workplace, const Settings& settings, OwnedRun& owned, const Streams& streams)
      : workplace_(workplace), settings_(settings), owned_(owned), streams_(streams) {}

  Path checkpoint_path() const { return Path(settings_.output) / "checkpoint.safetensors"; }

  Path teacher_path() const { return Path(settings_.output) / "checkpoint.teacher.json"; }
  TeacherModel* teacher() const { return owned_.run->config().distill_weight > 0 ? workplace_.teacher.get() : nullptr; }

  /// Goes on from the output's checkpoint if it is of this run.
  Result<void> resume() {
    if (!std::filesystem::exists(checkpoint_path())) return {};
    PEGBOX_TRY(const train::Snapshot snapshot, train::load_snapshot(checkpoint_path()));
    if (!snapshot.state.contains("config") || snapshot.state["config"] != train::train_fields().write(run().config()))
      return fail(ErrorKind::Conflict, {.where = checkpoint_path().string(),
                                        .what = "a checkpoint of another run is here",
                                        .hint = "name another output, or remove the checkpoint"});
    if (teacher() != nullptr) PEGBOX_CHECK(check_teacher(teacher_path(), *teacher()));
    PEGBOX_CHECK(run().restore(snapshot));
    if (!settings_.json)
      fmt::print(streams_.progress, "goes on from {} tokens\n", format_count(static_cast<double>(run().tokens())));
    return {};
  }

  Result<void> train() {
    const std::int64_t every = run().config().evaluate_every;
    last_progress_s_ = last_checkpoint_s_ = clock_.now_s();
    start_s_ = clock_.now_s();
    start_tokens_ = run().tokens();
    curves_.emplace(settings_.tensorboard, run(), [this](const std::string& line) {
      fmt::print(settings_.json ? stderr : streams_.progress, "{}\n", line);
    });
    if (run().wants_losses()) PEGBOX_CHECK(evaluate());
    while (!run().finished()) {
      const std::int64_t next = every > 0 ? (run().tokens() / every + 1) * every : run().total_tokens();
      PEGBOX_CHECK(run().train_until(
          next, [this] { return between_steps(); },
          [this](const train::StepReport& step) { curves_->add(run().tokens(), step); }));
      PEGBOX_CHECK(fault_);
      // Before an interruption: a run that goes on later has then seen the same evaluations.
      if ((run().tokens() >= next || run().wants_losses()) && !run().finished()) PEGBOX_CHECK(evaluate());
      if (interrupted) {
        PEGBOX_CHECK(save_checkpoint());
        return fail(ErrorKind::Interrupted, {.where = "train",
                                             .what = "interrupted",
                                             .hint = settings_.output.empty() ? "" : "the same command goes on"});
      }
    }
    return evaluate();
  }

  Result<void> finish() {
    if (!settings_.output.empty()) {
      PEGBOX_CHECK(save_run(workplace_, owned_, settings_.output));
      PEGBOX_CHECK(remove_tree(checkpoint_path()));
      PEGBOX_CHECK(remove_tree(teacher_path()));
    }
    Json result = {{"tokens", run().tokens()},
                   {"steps", run().steps()},
                   {"parameters", run().trainable_parameters()},
                   {"learning_rate", run().config().learning_rate},
                   {"seconds", clock_.now_s() - start_s_},
                   {"tokens_per_second", speed()},
                   {"loaded_memory", workplace_.loaded_bytes},
                   {"peak_memory", train::peak_resident_bytes()},
                   {"predicted_memory", workplace_.loaded_bytes + run().memory_need().total_bytes()}};
    if (workplace_.base.decoder) result["base_bytes"] = workplace_.base.bytes();
    if (has_evaluation_) {
      result["validation_loss"] = evaluation_.loss;
      result["perplexity"] = evaluation_.perplexity();
      for (const auto& [name, value] : set_metrics(evaluation_)) result[name] = value;
      add_class_scores(evaluation_, result);
    }
    PEGBOX_TRY(const Metrics metrics, trial_metrics(workplace_, owned_, /*at_end=*/true));
    for (const auto& [name, value] : metrics) result[name] = json_number(value);
    if (run().stages().is_stream()) add_stream(run().stages(), run().tokens(), result);
    if (!settings_.output.empty()) result["output"] = settings_.output;
    if (settings_.json)
      print_json(streams_, result);
    else if (run().stages().is_stream())
      print_stream(run().stages(), run().tokens(), streams_);
    if (!settings_.json) print_metrics(metrics);
    return {};
  }

 private:
  train::TrainingRun& run() const { return *owned_.run; }
  double speed() const {
    return static_cast<double>(run().tokens() - start_tokens_) / std::max(1e-9, clock_.now_s() - start_s_);
  }

  bool between_steps() {
    const double now_s = clock_.now_s();
    if (now_s - last_progress_s_ >= kProgressSeconds) {
      last_progress_s_ = now_s;
      print_progress("");
    }
    if (settings_.checkpoint_every > 0 && now_s - last_checkpoint_s_ >= settings_.checkpoint_every)
      fault_ = save_checkpoint();
    return !interrupted && fault_.has_value() && !run().wants_losses();
  }

  Result<void> save_checkpoint() {
    last_checkpoint_s_ = clock_.now_s();
    if (settings_.output.empty()) return {};
    if (teacher() != nullptr) PEGBOX_CHECK(note_teacher(teacher_path(), *teacher()));
    return run().save_checkpoint(checkpoint_path());
  }

  Result<void> evaluate() {
    if (!workplace_.corpus->has(train::Part::Validation)) return {};
    PEGBOX_TRY(evaluation_, evaluate_run(workplace_, owned_));
    has_evaluation_ = true;
    curves_->add(run().tokens(), Metrics{{"validation_loss", evaluation_.loss},
                                         {"perplexity", evaluation_.perplexity()},
                                         {"tokens_per_second", speed()}});
    print_progress(evaluation_text());
    return {};
  }

  std::string evaluation_text() const {
    std::string text = fmt::format("  validation loss {:.4f}", evaluation_.loss);
    std::string sets;
    for (const auto& [set, loss] : evaluation_.set_losses)
      sets += fmt::format("{}{} {:.4f}", sets.empty() ? "" : ", ", set, loss);
    if (!sets.empty()) text += fmt::format(" ({})", sets);
    if (evaluation_.classes.empty()) return text + "  perplexity " + show_perplexity(evaluation_.perplexity());
    return text + fmt::format("  accuracy {:.4f}  macro F1 {:.4f}", evaluation_.classes.accuracy(),
                              evaluation_.classes.macro_f1());
  }

  void print_metrics(const Metrics& metrics) const {
    for (const auto& [name, value] : metrics) fmt::print(streams_.progress, "{:<24}  {:.6g}\n", name, value);
  }

  void print_progress(const std::string& more) {
    if (settings_.json) return;
    const double loss = run().take_train_loss();
    fmt::print(streams_.progress, "{:>8} of {} tokens  step {}  {}{:.0f} tokens/s{}\n",
               format_count(static_cast<double>(run().tokens())),
               format_count(static_cast<double>(run().total_tokens())), run().steps(),
               std::isfinite(loss) ? fmt::format("loss {:.4f}  ", loss) : "", speed(), more);
    std::fflush(streams_.progress);
  }

  Workplace& workplace_;
  const Settings& settings_;
  OwnedRun& owned_;
  const Streams& streams_;
  SystemClock clock_;
  double start_s_ = 0, last_progress_s_ = 0, last_checkpoint_s_ = 0;
  std::int64_t start_tokens_ = 0;
  Result<void> fault_;
  std::optional<Curves> curves_;  // from the first step on
  bool has_evaluation_ = false;
  train::Evaluation evaluation_;
};

/// The data in short: how much is learned, and what is odd. What makes the run pointless, the run says itself.
void print_data(const Survey& found, const Streams& streams) {
  for (const std::string_view name : train::kPartNames) {
    if (!found.parts.contains(name)) continue;
    const auto count = [&](const char* what) { return format_count(found.parts[name][what].get<double>()); };
    fmt::print(streams.progress, "{:<11} {} texts, {} tokens, {} of them learned\n", name, count("texts"),
               count("tokens"), count("label_tokens"));
  }
  for (const Finding& finding : found.findings)
    if (!finding.is_fault) fmt::print(streams.progress, "warning: {}; {}\n", finding.what, finding.hint);
  std::fflush(streams.progress);
}

/// Says what the run is of, to people and to the settings' file of facts, as far as they want to know.
Result<void> tell_data(const Config& config, const train::TrainConfig& run, train::Corpus& corpus,
                       const Streams& streams) {
  const Settings& settings = config.settings;
  if (settings.json && settings.facts.empty()) return {};
  for (const train::Part part : {train::Part::Train, train::Part::Validation})
    if (corpus.has(part)) PEGBOX_CHECK(corpus.tokenized(part, run.sequence_length));
  PEGBOX_TRY(const Survey found, survey(config, run, corpus));
  if (!settings.json) print_data(found, streams);
  if (settings.facts.empty()) return {};
  return replace_file(settings.facts, to_line(Json{{"model", found.model}, {"run", found.run}}));
}

/// A teacher that is loaded in vain is a mistake; in a study some trials may do without it.
Result<void> check_teacher(const Settings& settings, const train::TrainConfig& run) {
  if (settings.teacher.empty() || run.distill_weight > 0) return {};
  return fail(ErrorKind::InvalidInput, {.where = "teacher",
                                        .what = "nothing is learned from it",
                                        .got = "distill_weight 0",
                                        .expected = "distill_weight: its part of the loss, such as 0.5"});
}

}  // namespace

Result<void> run_train(const Config& config, const Streams& streams) {
  std::signal(SIGINT, [](int) { interrupted = true; });
  std::signal(SIGTERM, [](int) { interrupted = true; });
  PEGBOX_TRY(const train::TrainConfig resolved, train::read_train_config(Json::object(), config.run, "config"));
  PEGBOX_CHECK(check_teacher(config.settings, resolved));
  if (!train::method_trains(resolved.method))
    return fail(ErrorKind::InvalidInput,
                {.where = "method",
                 .what = "method " + resolved.method + " trains nothing",
                 .hint = "`pegbox evaluate` measures a model as it is, `pegbox merge` makes one of adapters"});
  PEGBOX_CHECK(prepare_output(config.settings, {resolved.start_adapter}));
  PEGBOX_TRY(Workplace workplace, open_workplace(config));
  PEGBOX_CHECK(tell_data(config, resolved, *workplace.corpus, streams));
  warm_up(workplace, resolved);
  train::forget_peak();
  PEGBOX_TRY(const auto owned, make_run(workplace, resolved));
  if (resolved.learning_rate == 0 && train::method_trains(resolved.method) && !config.settings.json)
    fmt::print(streams.progress, "learning_rate {:.3g}, by the Step Law\n", owned->run->config().learning_rate);
  if (owned->augmented != nullptr && !config.settings.json)
    fmt::print(streams.progress, "augmented   {} sequences, {} tokens, copies by {} among them\n",
               format_count(static_cast<double>(owned->augmented->size())),
               format_count(static_cast<double>(owned->augmented->total_tokens())), resolved.augment_methods);
  Session session(workplace, config.settings, *owned, streams);
  if (!config.settings.output.empty()) PEGBOX_CHECK(session.resume());
  PEGBOX_CHECK(session.train());
  return session.finish();
}

}  // namespace pegbox::trainer
