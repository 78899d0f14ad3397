// Data splits: see data_splits.h.
#include "app/data_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "app/data_parts.h"
#include "base/sha256.h"
#include "text/dataset.h"
#include "text/row_place.h"

namespace pegbox {

namespace {

/// What trials are judged by.
struct Judge {
  std::string field;  ///< where the study file names it
  std::vector<Path> paths;
  text::DatasetOptions options;
};

std::vector<Path> files_below(const std::vector<Path>& paths) {
  std::vector<Path> files;
  std::error_code ignored;
  for (const Path& path : paths) {
    if (!std::filesystem::is_directory(path, ignored)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path, ignored))
      if (entry.is_regular_file(ignored)) files.push_back(entry.path());
  }
  return files;
}

bool is_same_file(const Path& a, const Path& b) {
  std::error_code ignored;
  if (std::filesystem::equivalent(a, b, ignored)) return true;
  const auto size = std::filesystem::file_size(a, ignored);
  if (ignored || size == 0 || size != std::filesystem::file_size(b, ignored)) return false;
  const auto first = sha256_of_file(a), second = sha256_of_file(b);
  return first && second && *first == *second;
}

std::vector<Path> paths_of_part(const DataParts& data, std::string_view name) {
  for (const text::DataPart& part : data.parts)
    if (part.name == name) return part.paths;
  return {};
}

/// The data of the trainer, if they can be told.
std::optional<DataParts> data_of(const TrialSection& trial) {
  if (trial.kind != TrialKind::Trainer || !trial.trainer.contains("data")) return std::nullopt;
  auto data = data_parts_of(trial.trainer["data"], "data");
  if (!data) return std::nullopt;
  data->options.labels = trial.trainer.value("task", "language") == "classify";
  return *std::move(data);
}

std::vector<Judge> judges_of(const TrialSection& trial, const DataParts& data) {
  std::vector<Judge> judges;
  if (auto paths = paths_of_part(data, "validation"); !paths.empty())
    judges.push_back({"data: validation", std::move(paths), data.options});
  for (const TrialEvaluation& evaluation : trial.evaluations) {
    if (evaluation.task.data.empty()) continue;
    const std::vector<Path> paths(evaluation.task.data.begin(), evaluation.task.data.end());
    Judge judge{"evaluate: data", paths, {}};
    for (const auto& [ours, theirs] : evaluation.task.columns.items())
      if (theirs.is_string()) judge.options.columns[ours] = theirs.get<std::string>();
    judge.options.labels = data.options.labels;
    judges.push_back(std::move(judge));
  }
  return judges;
}

}  // namespace

Result<void> check_splits(const TrialSection& trial) {
  const auto data = data_of(trial);
  if (!data) return {};
  const std::vector<Path> test = files_below(paths_of_part(*data, "test"));
  if (test.empty()) return {};
  for (const Judge& judge : judges_of(trial, *data))
    for (const Path& file : files_below(judge.paths))
      for (const Path& held_out : test)
        if (is_same_file(file, held_out))
          return fail(ErrorKind::InvalidInput,
                      {.where = judge.field,
                       .what = "these are the test data, on which nothing is tuned",
                       .got = file == held_out ? file.string() : file.string() + ", the bytes of " + held_out.string(),
                       .expected = "other data",
                       .hint = "`pegbox best --test` measures the best trial on the test data once, at the end"});
  return {};
}

std::optional<TestOverlap> find_test_overlap(const TrialSection& trial) {
  const auto data = data_of(trial);
  if (!data || paths_of_part(*data, "test").empty()) return std::nullopt;
  const auto test = text::load_dataset(paths_of_part(*data, "test"), data->options);
  if (!test) return std::nullopt;
  std::multiset<std::uint64_t> held_out;
  for (const text::Row& row : test->rows) held_out.insert(text::content_hash(row));
  std::vector<Judge> judges = judges_of(trial, *data);
  if (judges.empty() || judges.front().field != "data: validation")
    judges.push_back({"data: train", paths_of_part(*data, "train"), data->options});
  TestOverlap found{.test_rows = std::ssize(test->rows), .shared = 0, .place = {}};
  for (const Judge& judge : judges) {
    const auto rows = text::load_dataset(judge.paths, judge.options);
    if (!rows) continue;
    for (const text::Row& row : rows->rows) {
      const auto shared = static_cast<std::int64_t>(held_out.erase(text::content_hash(row)));
      if (shared > 0 && found.shared == 0) found.place = text::place_of(row, rows->files);
      found.shared += shared;
    }
  }
  return found;
}

}  // namespace pegbox
