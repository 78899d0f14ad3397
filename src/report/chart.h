// Chart: a drawing with two axes as inline SVG: lines, points and whiskers, with no script and nothing from elsewhere.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pegbox {

/// From values to [0, 1] along an axis, with the places that are labelled.
class ChartAxis {
 public:
  /// Over all finite values, with round labels. Values far above the others (beyond the upper quartile by four times
  /// the quartiles' distance) lie at the edge where `clips`: one diverged trial would flatten all others.
  static ChartAxis over(std::string title, std::span<const double> values, bool clips_high = false,
                        bool clips_low = false);
  /// Over [0, 1], with labels where they are given.
  static ChartAxis labelled(std::string title, std::vector<std::pair<double, std::string>> labels);

  double place(double value) const;  ///< in [0, 1]; what lies beyond the ends is at the ends
  const std::string& title() const { return title_; }
  const std::vector<std::pair<double, std::string>>& labels() const { return labels_; }

 private:
  std::string title_;
  double low_ = 0, high_ = 1;
  std::vector<std::pair<double, std::string>> labels_;  ///< place, text
};

using ChartPoint = std::pair<double, double>;

class Chart {
 public:
  /// As wide as its height of 260 wants, or wider.
  Chart(std::string_view title, ChartAxis x, ChartAxis y, double width = 0);

  /// `style` names classes of the page's style without their prefix: "done", "best thick". `says` is shown on hovering.
  void line(std::span<const ChartPoint> points, std::string_view style, std::string_view says = {});
  void dot(ChartPoint at, std::string_view style, std::string_view says = {});
  void cross(ChartPoint at, std::string_view style, std::string_view says = {});
  void bars(ChartPoint at, std::string_view style, std::string_view says = {});  ///< ||, for "paused"
  void whisker(double y, double x_low, double x_high, std::string_view style);
  void bar(double y, double x, double height, std::string_view style, std::string_view says = {});

  /// <figure> with the drawing under its title.
  std::string html() const;

 private:
  double x(double value) const;
  double y(double value) const;
  std::string axes() const;

  std::string title_;
  ChartAxis x_, y_;
  double width_, left_;
  std::string marks_;
};

}  // namespace pegbox
