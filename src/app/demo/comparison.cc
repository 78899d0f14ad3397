// Comparison: two models' losses on the same documents, and how sure the difference is.
#include "app/demo/comparison.h"

#include <span>

#include "base/json.h"
#include "math/bootstrap.h"

namespace pegbox {

namespace {

struct Sums {
  double loss = 0, other_loss = 0, label_tokens = 0;
};

/// Over the documents whose indices are given (as numbers, as the bootstrap resamples them).
Sums sum(const std::vector<DocumentLoss>& ours, const std::vector<DocumentLoss>& others,
         std::span<const double> chosen) {
  Sums sums;
  for (double each : chosen) {
    const auto i = static_cast<std::size_t>(each);
    sums.loss += ours[i].loss * ours[i].label_tokens;
    sums.other_loss += others[i].loss * others[i].label_tokens;
    sums.label_tokens += ours[i].label_tokens;
  }
  return sums;
}

}  // namespace

Result<std::vector<DocumentLoss>> read_document_losses(const Path& path) {
  PEGBOX_TRY(const std::string text, read_file(path));
  std::vector<DocumentLoss> losses;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    PEGBOX_TRY(const Json row, parse_json(text.substr(start, end - start), path.string()));
    DocumentLoss loss;
    if (!row.is_object() || !row.contains("loss") || !read_json_number(row["loss"], loss.loss) ||
        !row.contains("label_tokens") || !read_json_number(row["label_tokens"], loss.label_tokens))
      return fail(ErrorKind::Corrupt,
                  {.where = path.string(), .what = "not a loss of a document", .got = excerpt(row)});
    losses.push_back(loss);
    start = end + 1;
  }
  return losses;
}

Result<Comparison> compare(const std::vector<DocumentLoss>& ours, const std::vector<DocumentLoss>& others,
                           std::uint64_t seed) {
  std::vector<double> documents;
  bool same = ours.size() == others.size();
  for (std::size_t i = 0; same && i < ours.size(); ++i) {
    same = ours[i].label_tokens == others[i].label_tokens;
    if (ours[i].label_tokens > 0) documents.push_back(static_cast<double>(i));
  }
  if (!same || documents.size() < 2)
    return fail(ErrorKind::InvalidInput,
                {.where = "comparison",
                 .what = "the two were not measured on the same documents, or on fewer than two",
                 .got = std::to_string(ours.size()) + " and " + std::to_string(others.size())});
  const Sums all = sum(ours, others, documents);
  const auto gain = [&](std::span<const double> chosen) {
    const Sums sums = sum(ours, others, chosen);
    return (sums.other_loss - sums.loss) / sums.label_tokens;
  };
  Comparison comparison{.loss = all.loss / all.label_tokens,
                        .other_loss = all.other_loss / all.label_tokens,
                        .gain = gain(documents),
                        .documents = std::ssize(documents)};
  PEGBOX_TRY(comparison.interval, math::bootstrap_interval(documents, gain, {seed, stream_id("demo comparison"), 0}));
  return comparison;
}

}  // namespace pegbox
