// Corpus: see corpus.h.
#include "train/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <span>

#include "text/chat_rows.h"
#include "train/augmented_rows.h"

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

/// The name and weight of a set, as far as they are said.
Result<MixtureSet> read_set_members(const Node& item) {
  MixtureSet set;
  if (item.has("weight")) {
    PEGBOX_TRY(const Node weight, item.at("weight"));
    PEGBOX_TRY(set.weight, weight.real());
    if (!(set.weight >= 0) || !std::isfinite(set.weight)) return weight.fail("not a weight", "a number, 0 or more");
  }
  if (!item.has("name")) return set;
  PEGBOX_TRY(const Node name, item.at("name"));
  PEGBOX_TRY(set.name, name.string());
  return set;
}

/// A set of a part, named by its file if it has no name; `item` is where it stands.
Result<void> add_set(const Node& item, MixtureSet set, const Node& path, std::size_t part, DataFiles& files) {
  PEGBOX_TRY(const std::string text, path.string());
  files.parts[part].emplace_back(text);
  if (set.name.empty()) set.name = files.parts[part].back().stem().string();
  if (set.name.find_first_of("=,") != std::string::npos)
    return item.fail("a set's name has = or , in it", "another name");
  std::vector<MixtureSet>& sets = files.sets[part];
  if (const auto same = std::ranges::find(sets, set.name, &MixtureSet::name); same != sets.end())
    return item.fail(fmt::format("sets {} and {} of a {} have the name {}", same - sets.begin() + 1, sets.size() + 1,
                                 files.in_turn ? "stream" : "mixture", set.name),
                     "a name for each");
  sets.push_back(std::move(set));
  return {};
}

/// A path of a mixture: a string, or an object with path, name and, of training data, weight.
Result<void> read_set(const Node& item, std::size_t part, DataFiles& files) {
  if (!item.is_object()) return add_set(item, {}, item, part, files);
  std::vector<std::string_view> members = {"path", "name"};
  if (part == 0) members.push_back("weight");
  PEGBOX_CHECK(item.only(members));
  PEGBOX_TRY(MixtureSet set, read_set_members(item));
  PEGBOX_TRY(const Node path, item.at("path"));
  return add_set(item, std::move(set), path, part, files);
}

Result<void> check_weights(const Node& node, const std::vector<MixtureSet>& sets) {
  const auto has_weight = [](const MixtureSet& set) { return set.weight >= 0; };
  if (std::ranges::none_of(sets, has_weight) || std::ranges::all_of(sets, has_weight)) return {};
  return node.fail("some sets have a weight and some have none", "a weight for each, or for none");
}

/// A set of a stream: its training file, and the validation file of the same name.
Result<void> read_stage(const Node& item, DataFiles& files) {
  constexpr std::array<std::string_view, 4> kMembers = {"name", "train", "validation", "weight"};
  PEGBOX_CHECK(item.only(kMembers));
  PEGBOX_TRY(MixtureSet set, read_set_members(item));
  PEGBOX_TRY(const Node train, item.at("train"));
  PEGBOX_CHECK(add_set(item, std::move(set), train, 0, files));
  if (!item.has("validation")) return {};
  PEGBOX_TRY(const Node validation, item.at("validation"));
  return add_set(item, {.name = files.sets[0].back().name}, validation, 1, files);
}

Result<void> read_stream(const Node& node, DataFiles& files) {
  files.in_turn = true;
  const std::vector<Node> stages = node.items();
  if (stages.size() < 2)
    return node.fail(fmt::format("a stream of {} sets", stages.size()),
                     "a list of two or more: [{name, train, validation}, ...]");
  for (const Node& stage : stages) PEGBOX_CHECK(read_stage(stage, files));
  PEGBOX_CHECK(check_weights(node, files.sets[0]));
  const std::size_t judged = files.sets[1].size();
  if (judged == 0 || judged == stages.size()) return {};
  const auto blind = std::ranges::find_if(stages, [](const Node& stage) { return !stage.has("validation"); });
  return blind->fail(
      fmt::format("this set has no validation data, and {} of the {} sets of the stream have", judged, stages.size()),
      "validation for each, or for none: then validation_fraction of each set is kept apart");
}

/// The paths of a part; a mixture if one of them is an object.
Result<void> read_part(const Node& node, std::size_t part, DataFiles& files) {
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  if (std::ranges::none_of(items, &Node::is_object)) {
    PEGBOX_TRY(files.parts[part], read_paths(node));
    return {};
  }
  for (const Node& item : items) PEGBOX_CHECK(read_set(item, part, files));
  return check_weights(node, files.sets[part]);
}

Result<std::map<std::string, std::string>> read_columns(const Node& node) {
  PEGBOX_CHECK(node.only(text::kFieldNames));
  std::map<std::string, std::string> columns;
  for (const auto& [field, column] : node.members()) {
    PEGBOX_TRY(columns[field], column.string());
  }
  if (columns.empty()) return node.fail("no column is named", "such as {prompt: question, completion: answer}");
  return columns;
}

}  // namespace

Result<DataFiles> DataFiles::read(const Node& node) {
  DataFiles files;
  if (!node.is_object()) {
    PEGBOX_CHECK(read_part(node, 0, files));
    return files;
  }
  constexpr std::string_view kColumns = "columns", kStream = "stream", kTest = kPartNames[2];
  const std::vector<std::string_view> of_parts = {kPartNames[0], kPartNames[1], kTest, kColumns, kStream};
  const std::vector<std::string_view> of_streams = {kStream, kTest, kColumns};
  PEGBOX_CHECK(node.only(node.has(kStream) ? of_streams : of_parts));
  if (node.has(kColumns)) {
    PEGBOX_TRY(const Node columns, node.at(kColumns));
    PEGBOX_TRY(files.columns, read_columns(columns));
  }
  if (node.has(kStream)) {
    PEGBOX_TRY(const Node stream, node.at(kStream));
    PEGBOX_CHECK(read_stream(stream, files));
  }
  for (std::size_t part = 0; part < kPartNames.size(); ++part) {
    if (!node.has(kPartNames[part])) continue;
    PEGBOX_TRY(const Node member, node.at(kPartNames[part]));
    PEGBOX_CHECK(read_part(member, part, files));
  }
  return files;
}

std::optional<text::TokenId> begin_token_of(const text::ModelText& text) {
  if (!text.begin) return std::nullopt;
  const auto added = text.tokenizer.encode("", /*add_special=*/true);
  if (!added || added->empty() || added->front() != text.begin->id) return std::nullopt;
  return text.begin->id;
}

namespace {

/// Appends the rows of some paths to a part, as those of one set.
Result<void> append_rows(std::span<const Path> paths, const DataFiles& files, std::size_t part, std::int32_t set,
                         DataRows& rows) {
  PEGBOX_TRY(text::Dataset data, text::load_dataset(paths, {.columns = files.columns, .labels = files.labels}));
  const auto first_file = static_cast<std::int32_t>(rows.files[part].size());
  for (text::Row& row : data.rows) {
    row.file += first_file;
    row.set = set;
  }
  if (part == 0 && !rows.has[1] && files.validation_fraction > 0 && files.parts[1].empty() &&
      data.shape == text::RowShape::Text)
    data.rows = text::cut_long_rows(data.rows, kPieceBytes);
  std::ranges::move(data.rows, std::back_inserter(rows.parts[part]));
  std::ranges::move(data.files, std::back_inserter(rows.files[part]));
  rows.has[part] = true;
  return {};
}

/// A class whose rows all fell into validation could not be learned: the texts of its lowest hash go back.
void take_back_lost_classes(std::vector<text::Row>& train, std::vector<text::Row>& validation) {
  std::set<std::string> known;
  for (const text::Row& row : train) known.insert(row.label);
  std::map<std::string, std::uint64_t> lowest;  // of each lost class
  for (const text::Row& row : validation) {
    if (known.contains(row.label)) continue;
    const std::uint64_t hash = text::content_hash(row);
    auto& kept = lowest.try_emplace(row.label, hash).first->second;
    kept = std::min(kept, hash);
  }
  const auto stays = [&](const text::Row& row) {
    const auto found = lowest.find(row.label);
    return found == lowest.end() || found->second != text::content_hash(row);
  };
  const auto back = std::stable_partition(validation.begin(), validation.end(), stays);
  train.insert(train.end(), std::make_move_iterator(back), std::make_move_iterator(validation.end()));
  validation.erase(back, validation.end());
}

}  // namespace

Result<DataRows> read_rows(const DataFiles& files) {
  DataRows rows;
  rows.sets = files.sets;
  rows.in_turn = files.in_turn;
  for (std::size_t part = 0; part < files.parts.size(); ++part) {
    const std::span<const Path> paths = files.parts[part];
    if (!files.sets[part].empty()) {
      for (std::size_t i = 0; i < paths.size(); ++i)
        PEGBOX_CHECK(append_rows(paths.subspan(i, 1), files, part, static_cast<std::int32_t>(i), rows));
    } else if (!paths.empty()) {
      PEGBOX_CHECK(append_rows(paths, files, part, 0, rows));
    }
  }
  if (rows.has[0] && !rows.has[1] && files.validation_fraction > 0) {
    const std::array fractions = {1 - files.validation_fraction, files.validation_fraction};
    PEGBOX_TRY(auto split, text::split_rows(rows.parts[0], fractions, kSplitSeed));
    rows.parts[0] = std::move(split[0]);
    rows.parts[1] = std::move(split[1]);
    if (files.labels) take_back_lost_classes(rows.parts[0], rows.parts[1]);
    rows.files[1] = rows.files[0];
    rows.sets[1] = rows.sets[0];
    rows.has[1] = !rows.parts[1].empty();
  }
  return rows;
}

namespace {

/// Which set or class each tokenized row is of.
void add_groups(const std::vector<text::Row>& rows, const std::vector<MixtureSet>& sets, text::TokenizedRows& tokens) {
  const auto source = [&](std::int64_t row) -> const text::Row& {
    return rows[static_cast<std::size_t>(tokens.sources[static_cast<std::size_t>(row)])];
  };
  std::map<std::string, std::int32_t> classes;
  for (const text::Row& row : rows)
    if (!row.label.empty()) classes[row.label] = 0;
  if (sets.empty() && classes.empty()) return;
  for (const MixtureSet& set : sets) {
    tokens.group_names.push_back(set.name);
    if (set.weight >= 0) tokens.group_weights[set.name] = set.weight;
  }
  tokens.groups_are_classes = sets.empty();
  if (tokens.groups_are_classes)
    for (auto& [name, number] : classes) {
      number = static_cast<std::int32_t>(tokens.group_names.size());
      tokens.group_names.push_back(name);
    }
  for (std::int64_t row = 0; row < tokens.size(); ++row)
    tokens.groups.push_back(tokens.groups_are_classes ? classes[source(row).label] : source(row).set);
}

}  // namespace

Corpus::Corpus(text::ModelText text, DataRows rows, int threads, text::LossOn loss_on, ClassNames classes)
    : text_(std::move(text)),
      rows_(std::move(rows)),
      threads_(threads),
      loss_on_(loss_on),
      classes_(std::move(classes)) {}

Result<const text::TokenizedRows*> Corpus::tokenized(Part part, std::int64_t sequence_length) {
  const auto index = static_cast<std::size_t>(part);
  if (!rows_.has[index])
    return fail(ErrorKind::InvalidInput,
                {.where = "data", .what = fmt::format("there are no {} data", kPartNames[index])});
  auto& kept = tokenized_[{part, sequence_length}];
  if (!kept) {
    PEGBOX_TRY(text::TokenizedRows tokens, tokens_of(rows_.parts[index], part, sequence_length));
    kept = std::make_unique<text::TokenizedRows>(std::move(tokens));
  }
  return kept.get();
}

Result<text::TokenizedRows> Corpus::plain_tokens(std::vector<text::Row>& rows, const std::vector<std::string>& files,
                                                 std::int64_t sequence_length) const {
  const text::TokenizeOptions options{.sequence_length = sequence_length,
                                      .end_token = text_.end.id,
                                      .begin_token = begin_token_of(text_),
                                      .loss_on = loss_on_,
                                      .threads = threads_};
  PEGBOX_CHECK(text::write_conversations(rows, text_, loss_on_, files));
  return classes_.empty() ? text::tokenize_rows(text_.tokenizer, rows, options)
                          : classified_rows(text_.tokenizer, rows, classes_, files, options);
}

Result<EvaluationData> Corpus::evaluation_data(std::vector<text::Row> rows, std::vector<std::string> files,
                                               std::int64_t sequence_length) const {
  EvaluationData data{.rows = std::move(rows), .files = std::move(files), .tokens = {}};
  PEGBOX_TRY(data.tokens, plain_tokens(data.rows, data.files, sequence_length));
  return data;
}

Result<text::TokenizedRows> Corpus::tokens_of(std::vector<text::Row>& rows, Part part,
                                              std::int64_t sequence_length) const {
  const auto index = static_cast<std::size_t>(part);
  PEGBOX_TRY(text::TokenizedRows tokens, plain_tokens(rows, rows_.files[index], sequence_length));
  add_groups(rows, rows_.sets[index], tokens);
  tokens.groups_in_turn = rows_.in_turn && !rows_.sets[index].empty();
  return tokens;
}

Result<text::Augmenter> Corpus::augmenter(const text::Augmentation& plan) const {
  const auto refuse = [](const char* what, const char* got, const char* expected) {
    return fail(ErrorKind::InvalidInput, {.where = "augment_strength", .what = what, .got = got, .expected = expected});
  };
  const auto is_plain = [](const text::Row& row) { return !row.conversation && row.prompt.empty(); };
  if (classes_.empty() && loss_on_ == text::LossOn::All)
    return refuse("copies of prompts would be learned as they are", "loss_on all", "loss_on completions or last_turn");
  if (classes_.empty() && std::ranges::all_of(rows_.parts[0], is_plain))
    return refuse("copies of plain text would be learned as they are", "rows without prompts",
                  "prompts with completions, conversations, or task classify");
  return text::Augmenter::create(plan);
}

Result<std::unique_ptr<text::TokenizedRows>> Corpus::augmented(std::int64_t sequence_length,
                                                               const text::Augmentation& plan) {
  PEGBOX_TRY(const text::TokenizedRows* const plain, tokenized(Part::Train, sequence_length));
  PEGBOX_TRY(const text::Augmenter made_by, augmenter(plan));
  std::vector<text::Row> rows = rows_.parts[0];
  std::ranges::move(copies_of(rows, made_by), std::back_inserter(rows));
  PEGBOX_TRY(text::TokenizedRows tokens, tokens_of(rows, Part::Train, sequence_length));
  tokens.plain_tokens = plain->total_tokens();
  tokens.plain_hash = plain->content_hash;
  tokens.plain_texts = std::ssize(rows_.parts[0]);
  return std::make_unique<text::TokenizedRows>(std::move(tokens));
}

}  // namespace pegbox::train
