// LossMatrix: see loss_matrix.h.
#include "train/loss_matrix.h"

#include <cmath>
#include <limits>

namespace pegbox::train {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

void LossMatrix::note(std::size_t learned, const std::map<std::string, double>& losses) {
  if (rows_.size() <= learned) rows_.resize(learned + 1, std::vector<double>(names_.size(), kUnknown));
  for (std::size_t set = 0; set < names_.size(); ++set) {
    const auto found = losses.find(names_[set]);
    rows_[learned][set] = found == losses.end() ? kUnknown : found->second;
  }
}

std::map<std::string, double> LossMatrix::measures() const {
  if (rows_.size() < 3) return {};
  const std::size_t learned = rows_.size() - 1;
  std::vector<double> lost, helped;
  for (std::size_t set = 0; set + 1 < learned; ++set) lost.push_back(rows_.back()[set] - rows_[set + 1][set]);
  for (std::size_t set = 1; set < learned; ++set) helped.push_back(rows_[0][set] - rows_[set][set]);
  std::map<std::string, double> measures{
      {"forgetting", mean(lost)}, {"backward_transfer", -mean(lost)}, {"forward_transfer", mean(helped)}};
  std::erase_if(measures, [](const auto& measure) { return !std::isfinite(measure.second); });
  return measures;
}

Json LossMatrix::state() const {
  Json state = Json::array();
  for (const std::vector<double>& row : rows_) {
    Json losses = Json::array();
    for (const double loss : row) losses.push_back(json_number(loss));
    state.push_back(std::move(losses));
  }
  return state;
}

void LossMatrix::restore(const Json& state) {
  rows_.clear();
  if (!state.is_array()) return;
  for (const Json& losses : state) {
    std::vector<double> row(names_.size(), kUnknown);
    for (std::size_t set = 0; set < std::min(row.size(), losses.size()); ++set) read_json_number(losses[set], row[set]);
    rows_.push_back(std::move(row));
  }
}

}  // namespace pegbox::train
