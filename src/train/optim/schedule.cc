// Schedule: see schedule.h. wsd: warmup, stable, decay (Hu et al. 2024, arXiv 2404.06395), with a linear decay.
// cosine_restarts, polynomial, inverse_sqrt: as transformers'; one_cycle: as torch's OneCycleLR with its default
// factors (Smith & Topin 2017, arXiv 1708.07120), momentum left alone.
#include "train/optim/schedule.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace pegbox::train {

namespace {

constexpr double kTimescaleWithoutWarmup = 0.02;  // of inverse_sqrt, as part of the run
constexpr double kCycleStart = 1 / 25.0,
                 kCycleEnd = kCycleStart / 1e4;  // of one_cycle: OneCycleLR's defaults

/// How much of the run after warmup is over, in [0, 1].
double after_warmup(double progress, const ScheduleShape& shape) {
  if (shape.warmup_fraction >= 1) return 0;
  return std::clamp((progress - shape.warmup_fraction) / (1 - shape.warmup_fraction), 0.0, 1.0);
}

/// A curve that falls from 1 to 0, ending at the final rate instead.
double above_final(double curve, const ScheduleShape& shape) {
  return shape.final_rate + (1 - shape.final_rate) * curve;
}

double half_cosine(double part) { return 0.5 * (1 + std::cos(std::numbers::pi * part)); }

double constant(double, const ScheduleShape&) { return 1; }
double linear(double progress, const ScheduleShape& shape) {
  return above_final(1 - after_warmup(progress, shape), shape);
}
double cosine(double progress, const ScheduleShape& shape) {
  return above_final(half_cosine(after_warmup(progress, shape)), shape);
}
double cosine_restarts(double progress, const ScheduleShape& shape) {
  const double part = after_warmup(progress, shape);
  return above_final(part >= 1 ? 0 : half_cosine(std::fmod(shape.cycles * part, 1.0)), shape);
}
double polynomial(double progress, const ScheduleShape& shape) {
  return above_final(std::pow(1 - after_warmup(progress, shape), shape.power), shape);
}
double inverse_sqrt(double progress, const ScheduleShape& shape) {
  const double timescale = shape.warmup_fraction > 0 ? shape.warmup_fraction : kTimescaleWithoutWarmup;
  return 1 / std::sqrt((std::max(progress, shape.warmup_fraction) + timescale - shape.warmup_fraction) / timescale);
}
double one_cycle(double progress, const ScheduleShape& shape) {
  if (progress < shape.warmup_fraction) return 1 + (kCycleStart - 1) * half_cosine(progress / shape.warmup_fraction);
  return kCycleEnd + (1 - kCycleEnd) * half_cosine(after_warmup(progress, shape));
}
double wsd(double progress, const ScheduleShape& shape) {
  if (shape.decay_fraction <= 0) return 1;
  return above_final(std::clamp((1 - progress) / shape.decay_fraction, 0.0, 1.0), shape);
}

struct ScheduleRow {
  std::string_view name;
  double (*function)(double progress, const ScheduleShape& shape);
  bool has_own_rise = false;
};

constexpr std::array<ScheduleRow, 9> kSchedules = {{{"constant", constant},
                                                    {"linear", linear},
                                                    {"cosine", cosine},
                                                    {"cosine_restarts", cosine_restarts},
                                                    {"polynomial", polynomial},
                                                    {"inverse_sqrt", inverse_sqrt},
                                                    {"one_cycle", one_cycle, true},
                                                    {"wsd", wsd},
                                                    {"plateau", constant}}};

}  // namespace

ScheduleShape ScheduleShape::of(const TrainConfig& config) {
  return {.warmup_fraction = config.warmup_fraction,
          .decay_fraction = config.decay_fraction,
          .cycles = static_cast<double>(config.cycles),
          .power = config.decay_power,
          .final_rate = config.final_rate};
}

std::vector<std::string_view> schedule_names() {
  std::vector<std::string_view> names;
  for (const ScheduleRow& row : kSchedules) names.push_back(row.name);
  return names;
}

double schedule_factor(std::string_view name, double progress, const ScheduleShape& shape) {
  const auto* const row = std::ranges::find(kSchedules, name, &ScheduleRow::name);
  assert(row != kSchedules.end());
  if (row->has_own_rise) return row->function(progress, shape);
  const double warmup = shape.warmup_fraction <= 0 ? 1 : std::min(1.0, progress / shape.warmup_fraction);
  return warmup * row->function(progress, shape);
}

}  // namespace pegbox::train
