// Curves: see curves.h.
#include "app/trainer/curves.h"

#include <fmt/format.h>

#include <utility>

namespace pegbox::trainer {

namespace {

std::string config_table(const train::TrainConfig& config) {
  const Json fields = train::train_fields().write(config);
  std::string text = "| field | value |\n|---|---|\n";
  for (const auto& [name, value] : fields.items()) text += fmt::format("| {} | {} |\n", name, to_line(value));
  return text;
}

}  // namespace

Curves::Curves(const Path& folder, const train::TrainingRun& run, Log log) : log_(std::move(log)) {
  if (folder.empty()) return;
  const std::int64_t next = run.tokens() + 1;
  const auto written = [&]() -> Result<void> {
    PEGBOX_TRY(file_, EventFile::create(folder, next));
    return file_->add_text("config", next, config_table(run.config()));
  };
  check(written());
}

void Curves::add(std::int64_t tokens, const train::StepReport& step) {
  add(tokens, Metrics{{"train/loss", step.loss},
                      {"train/gradient_norm", step.gradient_norm},
                      {"train/learning_rate", step.learning_rate}});
}

void Curves::add(std::int64_t tokens, const Metrics& metrics) {
  if (file_) check(file_->add_scalars(tokens, metrics));
}

void Curves::check(const Result<void>& written) {
  if (written) return;
  log_("no more curves are written: " + written.error().message);
  file_.reset();
}

}  // namespace pegbox::trainer
