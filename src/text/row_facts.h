// RowFacts: what is kept of a row that was looked at: enough to find its like, and what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "text/check_kind.h"
#include "text/label_classifier.h"
#include "text/minhash.h"
#include "text/row_source.h"

namespace pegbox::text {

/// Something wrong with one row.
struct RowFault {
  CheckKind kind = CheckKind::Unreadable;
  std::string detail;     ///< "it ends with ,"
  std::string_view rule;  ///< the quality rule that it breaks; empty: another check
};

struct RowFacts {
  std::int32_t file = 0, line = 0;
  bool is_row = false;  ///< else nothing more is known than its faults
  RowShape shape = RowShape::Text;
  std::int64_t bytes = 0;         ///< of its own text
  std::uint64_t content = 0;      ///< content_hash
  std::optional<BandKeys> bands;  ///< where near duplicates are looked for; none for a text without words
  std::optional<std::string> label;
  TextFeatures features;      ///< of a text with a label, where label errors are looked for
  std::string_view language;  ///< its code (language.h); empty: not told, or not asked
  std::vector<RowFault> faults;
  std::string excerpt;  ///< the beginning of its text; empty if it has no fault
};

/// Looks at rows; any number of threads may share it.
class RowInspector {
 public:
  /// `checks`: what is looked for; what is not costs nothing.
  RowInspector(DatasetOptions options, const ByCheck<bool>& checks) : options_(std::move(options)), checks_(checks) {}

  RowFacts inspect(const RawRow& raw, const std::string& file) const;

 private:
  void inspect_json(const RawRow& raw, const std::string& file, RowFacts& facts) const;
  void inspect_text(const std::string& own, const std::string& learned, RowFacts& facts) const;
  void apply_rules(const std::string& text, bool is_document, RowFacts& facts) const;
  bool wants(CheckKind kind) const { return checks_[static_cast<std::size_t>(kind)]; }
  void note(RowFacts& facts, CheckKind kind, std::string detail, std::string_view rule = {}) const;

  DatasetOptions options_;
  ByCheck<bool> checks_;
  MinHash minhash_;
};

/// Reads all of `source`, looks at its rows with so many threads, and gives the facts to `use` in the order of the
/// rows, together with the rows.
Result<void> inspect_rows(RowSource& source, const RowInspector& inspector, int threads,
                          const std::function<Result<void>(const RawRow&, RowFacts)>& use);

}  // namespace pegbox::text
