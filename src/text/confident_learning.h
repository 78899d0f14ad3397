// Confident learning: which labels are likely wrong, by the probabilities that a classifier gives the classes.
//
// Source: Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 70, 2021: rows
// off the diagonal of the confident joint. As cleanlab's find_label_issues(filter_by="confident_learning").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pegbox::text {

/// For each row the class that it is of instead of its label: one whose probability is at least the mean that this
/// class has among the rows labelled so, and the most probable where several are; -1 where there is none but the label,
/// or the label is the most probable class anyway. `labels` [rows] from 0; `probabilities` [rows, classes] of a model
/// that has not learned the row.
std::vector<std::int32_t> likely_classes(std::span<const std::int32_t> labels, std::span<const double> probabilities,
                                         std::size_t classes);

}  // namespace pegbox::text
