// Corpus: see corpus.h.
#include "train/corpus.h"

#include <fmt/format.h>

namespace pegbox::train {

namespace {

constexpr std::int64_t kPieceBytes = 4096;  // of a long text before it is split into training and validation rows
constexpr std::uint64_t kSplitSeed = 0;     // fixed: all runs on the same data keep the same rows apart

Result<std::vector<Path>> read_paths(const Node& node) {
  std::vector<Path> paths;
  if (!node.is_array()) {
    PEGBOX_TRY(const std::string path, node.string());
    paths.emplace_back(path);
    return paths;
  }
  for (const Node& item : node.items()) {
    PEGBOX_TRY(const std::string path, item.string());
    paths.emplace_back(path);
  }
  if (paths.empty()) return node.fail("no file is named", "a path or a list of paths");
  return paths;
}

}  // namespace

Result<DataFiles> DataFiles::read(const Node& node) {
  DataFiles files;
  if (!node.is_object()) {
    PEGBOX_TRY(files.parts[0], read_paths(node));
    return files;
  }
  PEGBOX_CHECK(node.only(kPartNames));
  for (std::size_t part = 0; part < kPartNames.size(); ++part) {
    if (!node.has(kPartNames[part])) continue;
    PEGBOX_TRY(const Node member, node.at(kPartNames[part]));
    PEGBOX_TRY(files.parts[part], read_paths(member));
  }
  return files;
}

std::optional<text::TokenId> begin_token_of(const text::ModelText& text) {
  if (!text.begin) return std::nullopt;
  const auto added = text.tokenizer.encode("", /*add_special=*/true);
  if (!added || added->empty() || added->front() != text.begin->id) return std::nullopt;
  return text.begin->id;
}

Result<DataRows> read_rows(const DataFiles& files) {
  DataRows rows;
  text::RowShape train_shape = text::RowShape::Text;
  for (std::size_t part = 0; part < files.parts.size(); ++part) {
    if (files.parts[part].empty()) continue;
    PEGBOX_TRY(text::Dataset data, text::load_dataset(files.parts[part], {.labels = files.labels}));
    if (part == 0) train_shape = data.shape;
    rows.parts[part] = std::move(data.rows);
    rows.has[part] = true;
  }
  if (rows.has[0] && !rows.has[1] && files.validation_fraction > 0) {
    if (train_shape == text::RowShape::Text) rows.parts[0] = text::cut_long_rows(rows.parts[0], kPieceBytes);
    const std::array fractions = {1 - files.validation_fraction, files.validation_fraction};
    PEGBOX_TRY(auto split, text::split_rows(rows.parts[0], fractions, kSplitSeed));
    rows.parts[0] = std::move(split[0]);
    rows.parts[1] = std::move(split[1]);
    rows.has[1] = !rows.parts[1].empty();
  }
  return rows;
}

Corpus::Corpus(text::ModelText text, DataRows rows, int threads, ClassNames classes)
    : text_(std::move(text)), rows_(std::move(rows)), threads_(threads), classes_(std::move(classes)) {}

Result<const text::TokenizedRows*> Corpus::tokenized(Part part, std::int64_t sequence_length) {
  const auto index = static_cast<std::size_t>(part);
  if (!rows_.has[index])
    return fail(ErrorKind::InvalidInput,
                {.where = "data", .what = fmt::format("there are no {} data", kPartNames[index])});
  auto& kept = tokenized_[{part, sequence_length}];
  if (!kept) {
    const text::TokenizeOptions options{.sequence_length = sequence_length,
                                        .end_token = text_.end.id,
                                        .begin_token = begin_token_of(text_),
                                        .threads = threads_};
    PEGBOX_TRY(text::TokenizedRows tokens,
               classes_.empty() ? text::tokenize_rows(text_.tokenizer, rows_.parts[index], options)
                                : classified_rows(text_.tokenizer, rows_.parts[index], classes_, options));
    kept = std::make_unique<text::TokenizedRows>(std::move(tokens));
  }
  return kept.get();
}

}  // namespace pegbox::train
