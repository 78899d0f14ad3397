// RowResult: see row_result.h.
#include "evaluation/row_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace pegbox {

namespace {

/// Class names as they are met; numbered when all are known.
struct NamedClass {
  std::string label, prediction;
  std::vector<std::pair<std::string, double>> probabilities;
};

class Reader {
 public:
  Result<void> add(const Document& document) {
    const Node row = document.root();
    RowResult result{.file = document.name};
    if (row.has("file")) {
      PEGBOX_TRY(const Node file, row.at("file"));
      PEGBOX_TRY(result.file, file.string());
    }
    PEGBOX_TRY(result.line, integer(row, "line"));
    if (row.has("truncated")) {
      PEGBOX_TRY(const Node truncated, row.at("truncated"));
      PEGBOX_TRY(result.is_truncated, truncated.boolean());
    }
    NamedClass named;
    if (row.has("label")) {
      PEGBOX_TRY(named, read_class(row));
    } else if (row.has("nll")) {
      PEGBOX_TRY(result.likelihood, read_likelihood(row));
    }
    if (row.has("output")) {
      PEGBOX_TRY(const Node output, row.at("output"));
      PEGBOX_TRY(const Node reference, row.at("reference"));
      result.output.emplace();
      PEGBOX_TRY(result.output->text, output.string());
      PEGBOX_TRY(result.output->reference, reference.string());
      if (row.has("prompt") && row.json()["prompt"].is_string())
        result.output->prompt = row.json()["prompt"].get<std::string>();
    }
    if (!result.output && !result.likelihood && named.label.empty())
      return row.fail("nothing to measure in this row", "output and reference, or label and prediction");
    results_.rows.push_back(std::move(result));
    named_.push_back(std::move(named));
    return {};
  }

  RowResults take() && {
    name_classes();
    const auto number = [&](const std::string& name) {
      return static_cast<std::size_t>(std::ranges::find(results_.classes, name) - results_.classes.begin());
    };
    for (std::size_t i = 0; i < named_.size(); ++i) {
      if (named_[i].label.empty()) continue;
      RowClass& row = results_.rows[i].classes.emplace();
      row.label = number(named_[i].label);
      row.answer = number(named_[i].prediction);
      if (!named_[i].probabilities.empty()) row.probabilities.resize(results_.classes.size());
      for (const auto& [name, probability] : named_[i].probabilities) row.probabilities[number(name)] = probability;
    }
    return std::move(results_);
  }

 private:
  static Result<std::int64_t> integer(const Node& row, std::string_view key) {
    if (!row.has(key)) return 0;
    PEGBOX_TRY(const Node node, row.at(key));
    return node.integer();
  }

  static Result<double> real(const Node& row, std::string_view key) {
    if (!row.has(key)) return 0;
    PEGBOX_TRY(const Node node, row.at(key));
    return node.real();
  }

  static Result<RowLikelihood> read_likelihood(const Node& row) {
    RowLikelihood result;
    PEGBOX_TRY(result.nll, real(row, "nll"));
    PEGBOX_TRY(result.end_nll, real(row, "end_nll"));
    PEGBOX_TRY(result.label_tokens, integer(row, "label_tokens"));
    PEGBOX_TRY(result.right_tokens, integer(row, "right_tokens"));
    PEGBOX_TRY(result.bytes, integer(row, "bytes"));
    PEGBOX_TRY(result.words, integer(row, "words"));
    return result;
  }

  static Result<std::string> name(const Node& row, std::string_view key) {
    PEGBOX_TRY(const Node node, row.at(key));
    if (node.json().is_number_integer()) return node.json().dump();
    PEGBOX_TRY(std::string text, node.string());
    if (text.empty()) return node.fail("a class without a name", "a name or an integer");
    return text;
  }

  static Result<NamedClass> read_class(const Node& row) {
    NamedClass result;
    PEGBOX_TRY(result.label, name(row, "label"));
    if (row.has("probabilities")) {
      PEGBOX_TRY(const Node node, row.at("probabilities"));
      for (const auto& [key, value] : node.members()) {
        PEGBOX_TRY(const double probability, value.real());
        if (!(probability >= 0 && probability <= 1)) return value.fail("not a probability", "a number from 0 to 1");
        result.probabilities.emplace_back(key, probability);
      }
      if (result.probabilities.empty()) return node.fail("no probabilities", "{\"good\": 0.7, \"bad\": 0.3}");
      result.prediction =
          std::ranges::max_element(result.probabilities, {}, &std::pair<std::string, double>::second)->first;
    }
    if (row.has("prediction") || result.prediction.empty()) {
      PEGBOX_TRY(result.prediction, name(row, "prediction"));
    }
    return result;
  }

  /// In the order in which probabilities list them, else sorted.
  void name_classes() {
    std::set<std::string> names;
    for (const NamedClass& row : named_) {
      for (const auto& [name, probability] : row.probabilities)
        if (std::ranges::find(results_.classes, name) == results_.classes.end()) results_.classes.push_back(name);
      if (!row.label.empty()) names.insert({row.label, row.prediction});
    }
    for (const std::string& name : names)
      if (std::ranges::find(results_.classes, name) == results_.classes.end()) results_.classes.push_back(name);
  }

  RowResults results_;
  std::vector<NamedClass> named_;
};

Result<RowResults> finished(Reader reader, const std::string& where) {
  RowResults results = std::move(reader).take();
  if (results.rows.empty()) return fail(ErrorKind::InvalidInput, {.where = where, .what = "there is no row in it"});
  return results;
}

}  // namespace

Result<RowResults> read_row_results(const std::vector<Json>& records, const std::string& where) {
  Reader reader;
  for (const Json& record : records) PEGBOX_CHECK(reader.add({.json = record, .name = where, .lines = {}}));
  return finished(std::move(reader), where);
}

void judge_outputs(RowResults& results, const text::OutputChecks& checks) {
  for (RowResult& row : results.rows)
    if (row.output) row.safety = checks.judge(row.output->prompt, row.output->text);
}

Result<RowResults> read_row_results(const Path& path) {
  PEGBOX_TRY(const std::string text, read_file(path));
  Reader reader;
  int line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view bytes = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (bytes.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    Document document{.json = {}, .name = fmt::format("{}:{}", path.string(), line + 1), .lines = {}};
    PEGBOX_TRY(document.json, parse_foreign_json(bytes, document.name));
    if (!document.json.is_object())
      return document.root().fail("this row is no object", "{\"output\": ..., \"reference\": ...}");
    PEGBOX_CHECK(reader.add(document));
  }
  return finished(std::move(reader), path.string());
}

}  // namespace pegbox
