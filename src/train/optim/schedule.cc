// Schedule: see schedule.h. wsd: warmup, stable, decay (Hu et al. 2024, arXiv 2404.06395), with a linear decay to 0.
#include "train/optim/schedule.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace pegbox::train {

namespace {

/// How much of the run after warmup is over, in [0, 1].
double after_warmup(double progress, const ScheduleShape& shape) {
  if (shape.warmup_fraction >= 1) return 0;
  return std::clamp((progress - shape.warmup_fraction) / (1 - shape.warmup_fraction), 0.0, 1.0);
}

double constant(double, const ScheduleShape&) { return 1; }
double linear(double progress, const ScheduleShape& shape) { return 1 - after_warmup(progress, shape); }
double cosine(double progress, const ScheduleShape& shape) {
  return 0.5 * (1 + std::cos(std::numbers::pi * after_warmup(progress, shape)));
}
double wsd(double progress, const ScheduleShape& shape) {
  return shape.decay_fraction <= 0 ? 1 : std::clamp((1 - progress) / shape.decay_fraction, 0.0, 1.0);
}

struct ScheduleRow {
  std::string_view name;
  ScheduleFunction function;
};

constexpr std::array<ScheduleRow, 4> kSchedules = {
    {{"constant", constant}, {"linear", linear}, {"cosine", cosine}, {"wsd", wsd}}};

}  // namespace

std::vector<std::string_view> schedule_names() {
  std::vector<std::string_view> names;
  for (const ScheduleRow& row : kSchedules) names.push_back(row.name);
  return names;
}

double schedule_factor(std::string_view name, double progress, const ScheduleShape& shape) {
  const auto* const row = std::ranges::find(kSchedules, name, &ScheduleRow::name);
  assert(row != kSchedules.end());
  const double warmup = shape.warmup_fraction <= 0 ? 1 : std::min(1.0, progress / shape.warmup_fraction);
  return warmup * row->function(progress, shape);
}

}  // namespace pegbox::train
