// label_classifier: a quick classifier of texts: multinomial logistic regression of their words and pairs of words.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pegbox::text {

/// The first 128 words of a text (hash_words), and each two of them that stand together, as hashes: each
/// once, in order.
using TextFeatures = std::vector<std::uint32_t>;
TextFeatures features_of(std::string_view text);

/// A text with its class, from 0.
struct LabelledFeatures {
  TextFeatures features;
  std::int32_t label = 0;
};

/// The probabilities of the classes [rows, classes] of each row, by models that have not learned it: the rows are dealt
/// out into five folds, a class evenly, and each fold is judged by a model of the other four. Features that only one
/// row has are left out; the others count by how rare they are (tf-idf), and a row's to length 1. The models' weights
/// begin at 0 and go down the gradient of the likelihood row by row, in an order drawn by a fixed seed, at a rate that
/// falls to 0: a function of the rows, on any number of threads.
std::vector<double> cross_validated_probabilities(std::span<const LabelledFeatures> rows, std::size_t classes,
                                                  int threads);

}  // namespace pegbox::text
