// Chart: SVG, drawn in a box of 260 units height.
#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "math/statistics.h"
#include "report/html.h"

namespace pegbox {
namespace {

constexpr double kLeastWidth = 420, kHeight = 260, kRight = 26, kTop = 10, kBottom = 40;
constexpr double kLetter = 6.3, kMostLeft = 170;
constexpr double kLeastScale = 0.65, kMostScale = 1.6;  ///< between which its text is read well
constexpr double kFarOut = 4;                           ///< distances of the quartiles

/// "1", "2" or "5" times a power of ten, so that at most six of it fill `range`: two labels lie on every axis.
double round_step(double range) {
  const double raw = range / 6, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (raw <= factor * power) return factor * power;
  return 10 * power;
}

std::string label_text(double value, double step) {
  if (std::abs(value) < step / 2) return "0";
  return std::abs(value) >= 10000 ? format_count(value) : fmt::format("{:.4g}", value);
}

/// Of a label, with the dots that stand for the rest.
std::size_t letters_in(double width) { return static_cast<std::size_t>(std::max(4.0, width / kLetter - 3)); }

std::string prefixed(std::string_view style, std::string_view prefix) {
  return fmt::format("{}{}", style.starts_with("r") && style.size() == 2 ? "" : prefix, style);
}

std::string tip(std::string_view says) { return says.empty() ? "" : "<title>" + escape(says) + "</title>"; }

}  // namespace

ChartAxis ChartAxis::over(std::string title, std::span<const double> values, bool clips_high, bool clips_low) {
  ChartAxis axis;
  axis.title_ = std::move(title);
  std::vector<double> finite;
  std::ranges::copy_if(values, std::back_inserter(finite), [](double x) { return std::isfinite(x); });
  if (finite.empty()) finite = {0, 1};
  axis.low_ = *std::ranges::min_element(finite);
  axis.high_ = *std::ranges::max_element(finite);
  const double first = math::quantile(finite, 0.25), third = math::quantile(finite, 0.75);
  if (clips_high) axis.high_ = std::min(axis.high_, third + kFarOut * (third - first));
  if (clips_low) axis.low_ = std::max(axis.low_, first - kFarOut * (third - first));
  if (!(axis.high_ - axis.low_ > 1e-12 * std::max(std::abs(axis.high_), std::abs(axis.low_)))) {
    const double half = axis.low_ == 0 ? 1 : std::abs(axis.low_) * 0.05;
    axis.low_ -= half;
    axis.high_ += half;
  }
  const double step = round_step(axis.high_ - axis.low_);
  for (double at = std::ceil(axis.low_ / step) * step; at <= axis.high_ + step * 1e-9; at += step)
    axis.labels_.emplace_back(axis.place(at), label_text(at, step));
  return axis;
}

ChartAxis ChartAxis::labelled(std::string title, std::vector<std::pair<double, std::string>> labels) {
  ChartAxis axis;
  axis.title_ = std::move(title);
  axis.labels_ = std::move(labels);
  return axis;
}

double ChartAxis::place(double value) const { return std::clamp((value - low_) / (high_ - low_), 0.0, 1.0); }

Chart::Chart(std::string_view title, ChartAxis x, ChartAxis y, double width)
    : title_(title), x_(std::move(x)), y_(std::move(y)), width_(std::max(width, kLeastWidth)) {
  std::size_t longest = 3;
  for (const auto& [at, label] : y_.labels()) longest = std::max(longest, label.size());
  left_ = std::min(kMostLeft, kLetter * static_cast<double>(longest) + 12);
}

double Chart::x(double value) const { return left_ + x_.place(value) * (width_ - left_ - kRight); }
double Chart::y(double value) const { return kHeight - kBottom - y_.place(value) * (kHeight - kTop - kBottom); }

void Chart::line(std::span<const ChartPoint> points, std::string_view style, std::string_view says) {
  std::string path;
  for (const auto& [at_x, at_y] : points)
    if (std::isfinite(at_x) && std::isfinite(at_y))
      path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", x(at_x), y(at_y));
  if (path.empty()) return;
  marks_ += fmt::format("<path class=\"line {}\" d=\"{}\">{}</path>\n", prefixed(style, "s-"), path, tip(says));
}

void Chart::dot(ChartPoint at, std::string_view style, std::string_view says) {
  if (!std::isfinite(at.first) || !std::isfinite(at.second)) return;
  marks_ += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\">{}</circle>\n",
                        prefixed(style, "f-"), x(at.first), y(at.second), tip(says));
}

void Chart::cross(ChartPoint at, std::string_view style, std::string_view says) {
  if (!std::isfinite(at.first) || !std::isfinite(at.second)) return;
  marks_ += fmt::format("<path class=\"line {}\" d=\"M{:.1f} {:.1f}l8 8m0 -8l-8 8\">{}</path>\n", prefixed(style, "s-"),
                        x(at.first) - 4, y(at.second) - 4, tip(says));
}

void Chart::bars(ChartPoint at, std::string_view style, std::string_view says) {
  if (!std::isfinite(at.first) || !std::isfinite(at.second)) return;
  marks_ += fmt::format("<path class=\"line thick {}\" d=\"M{:.1f} {:.1f}v8m4 0v-8\">{}</path>\n",
                        prefixed(style, "s-"), x(at.first) - 2, y(at.second) - 4, tip(says));
}

void Chart::whisker(double at_y, double x_low, double x_high, std::string_view style) {
  marks_ += fmt::format("<path class=\"line {0}\" d=\"M{1:.1f} {3:.1f}v8m0 -4H{2:.1f}m0 -4v8\"/>\n",
                        prefixed(style, "s-"), x(x_low), x(x_high), y(at_y) - 4);
}

void Chart::bar(double at_y, double at_x, double height, std::string_view style, std::string_view says) {
  const double pixels = height * (kHeight - kTop - kBottom);
  marks_ +=
      fmt::format("<rect class=\"faint {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\">{}</rect>\n",
                  prefixed(style, "f-"), x(0), y(at_y) - pixels / 2, x(at_x) - x(0), pixels, tip(says));
}

std::string Chart::axes() const {
  std::string text;
  const double right = width_ - kRight, bottom = kHeight - kBottom;
  const double places = std::max<double>(1, static_cast<double>(x_.labels().size()));
  const std::size_t most_below = letters_in((right - left_) / places), most_beside = letters_in(left_);
  for (const auto& [at, label] : x_.labels()) {
    const double pixel = left_ + at * (right - left_);
    text += fmt::format(
        "<path class=\"grid\" d=\"M{0:.1f} {1}V{2}\"/><text x=\"{0:.1f}\" y=\"{3}\" "
        "text-anchor=\"middle\">{4}</text>\n",
        pixel, kTop, bottom, bottom + 14, escape(shortened(label, most_below)));
  }
  for (const auto& [at, label] : y_.labels()) {
    const double pixel = bottom - at * (bottom - kTop);
    text += fmt::format(
        "<path class=\"grid\" d=\"M{0} {1:.1f}H{2}\"/><text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\">{5}</text>\n",
        left_, pixel, right, left_ - 5, pixel + 4, escape(shortened(label, most_beside)));
  }
  text += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (left_ + right) / 2, kHeight - 8,
                      escape(x_.title()));
  return text;
}

std::string Chart::html() const {
  const std::string title = escape(title_);
  return fmt::format(
      "<figure><figcaption>{0}</figcaption><svg viewBox=\"0 0 {1} {2}\" "
      "style=\"min-width:{3:.0f}px;max-width:{4:.0f}px\" "
      "role=\"img\" aria-label=\"{0}\">\n{5}{6}</svg></figure>\n",
      title, width_, kHeight, kLeastScale * width_, kMostScale * width_, axes(), marks_);
}

}  // namespace pegbox
