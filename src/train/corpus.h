// Corpus: the data of a trainer process: files read once, tokenized once for each sequence length.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "text/augmenter.h"
#include "text/dataset.h"
#include "text/model_folder.h"
#include "text/tokenized.h"
#include "train/classes.h"

namespace pegbox::train {

enum class Part : std::uint8_t { Train, Validation, Test };
inline constexpr std::array<std::string_view, 3> kPartNames = {"train", "validation", "test"};

/// One of the sets that a part of the data is mixed of, or of a stream's: measured apart, and trained on in its share.
struct MixtureSet {
  std::string name;
  double weight = -1;  ///< training: its share of the tokens, up to a common factor; -1: not said
};

/// Which files are what. Without validation files a part of the training rows is kept apart, by content.
struct DataFiles {
  std::array<std::vector<Path>, 3> parts;       ///< by Part; empty: not given
  std::map<std::string, std::string> columns;   ///< our name of a field -> the files' (text::DatasetOptions::columns)
  std::array<std::vector<MixtureSet>, 3> sets;  ///< of each part [paths]; empty: its files are one set
  bool in_turn = false;                         ///< the sets are a stream: learned one after another
  double validation_fraction = 0.05;
  bool labels = false;  ///< rows are texts with their classes (text::DatasetOptions::labels)

  /// A path or a list of paths (training data), or an object with train, validation and test, and perhaps columns. A
  /// path that is a set of a mixture is an object with path, and perhaps name (else the file's) and, of training,
  /// weight. Or an object with stream, a list of objects with train, and perhaps validation (all or none), name and
  /// weight.
  static Result<DataFiles> read(const Node& node);
};

/// The token that the tokenizer itself puts before every text (Llama's does, GPT-2's does not); rows then begin with
/// it.
std::optional<text::TokenId> begin_token_of(const text::ModelText& text);

/// The rows of all parts.
struct DataRows {
  std::array<std::vector<text::Row>, 3> parts;
  std::array<std::vector<std::string>, 3> files;  ///< the names of the files that their rows are from
  std::array<bool, 3> has{};
  std::array<std::vector<MixtureSet>, 3> sets;  ///< as of the files; a split part has those of training
  bool in_turn = false;                         ///< as of the files
};

/// Reads the files and, if training rows but no validation rows are given, splits them; long texts are cut first. Each
/// class keeps a row in training.
Result<DataRows> read_rows(const DataFiles& files);

/// Rows for an evaluation, with their tokens; conversations are written out.
struct EvaluationData {
  std::vector<text::Row> rows;
  std::vector<std::string> files;  ///< by Row::file
  text::TokenizedRows tokens;
};

class Corpus {
 public:
  /// `classes`: rows are texts of these classes; empty: they are not classified.
  Corpus(text::ModelText text, DataRows rows, int threads, text::LossOn loss_on = text::LossOn::Completions,
         ClassNames classes = {});

  const text::ModelText& text() const { return text_; }
  const DataRows& rows() const { return rows_; }  ///< conversations are written out once their part was tokenized
  const ClassNames& classes() const { return classes_; }
  bool has(Part part) const { return rows_.has[static_cast<std::size_t>(part)]; }

  /// Tokenized rows of a part; made at the first call, then kept. InvalidInput if the part was not given, or its
  /// conversations cannot be written.
  Result<const text::TokenizedRows*> tokenized(Part part, std::int64_t sequence_length);

  /// Other rows, tokenized as those of the corpus are; as one set. InvalidInput as `tokenized`.
  Result<EvaluationData> evaluation_data(std::vector<text::Row> rows, std::vector<std::string> files,
                                         std::int64_t sequence_length) const;

  /// What makes copies of the training rows. InvalidInput where copies would be learned as they are, noise and all:
  /// rows of plain text, and prompts with loss_on all; else as Augmenter::create.
  Result<text::Augmenter> augmenter(const text::Augmentation& plan) const;
  /// The training rows with their copies (copies_of). Not kept: they are one run's.
  Result<std::unique_ptr<text::TokenizedRows>> augmented(std::int64_t sequence_length, const text::Augmentation& plan);

 private:
  /// Rows of a part, or made of them.
  Result<text::TokenizedRows> tokens_of(std::vector<text::Row>& rows, Part part, std::int64_t sequence_length) const;
  /// Any rows, without groups.
  Result<text::TokenizedRows> plain_tokens(std::vector<text::Row>& rows, const std::vector<std::string>& files,
                                           std::int64_t sequence_length) const;

  text::ModelText text_;
  DataRows rows_;
  int threads_;
  text::LossOn loss_on_;
  ClassNames classes_;
  std::map<std::pair<Part, std::int64_t>, std::unique_ptr<text::TokenizedRows>> tokenized_;
};

}  // namespace pegbox::train
