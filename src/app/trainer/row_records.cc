// Row records: see row_records.h.
#include "app/trainer/row_records.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "app/trainer/continuation.h"
#include "base/clock.h"
#include "text/row_place.h"
#include "text/token_bytes.h"
#include "text/white_space.h"
#include "train/guard.h"
#include "train/measure.h"
#include "train/memory.h"

namespace pegbox::trainer {

namespace {

constexpr std::int64_t kBatchTokens = 2048;

/// What is given of a row, and what is expected after it.
struct Task {
  std::string prompt, reference;
  bool is_conversation = false;
};

/// Of a conversation, what the assistant says last; nothing for a row that only is a text.
std::optional<Task> task_of(const text::Row& row) {
  if (!row.conversation) return row.prompt.empty() ? std::nullopt : std::optional(Task{row.prompt, row.text, false});
  if (row.learned.empty() || row.learned.back().begin == 0) return std::nullopt;
  const text::Span last = row.learned.back();
  return Task{row.text.substr(0, last.begin), row.text.substr(last.begin, last.end - last.begin), true};
}

class RecordWriter {
 public:
  RecordWriter(const AskedModel& model, const text::ModelText& text, const AskedRows& rows)
      : model_(model),
        text_(text),
        rows_(rows.rows),
        files_(rows.files),
        records_(rows_.size(), Json::object()),
        bytes_(text_.tokenizer) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto file = static_cast<std::size_t>(rows_[i].file);
      records_[i] = {{"file", file < files_.size() ? files_[file] : ""}, {"line", rows_[i].line}};
    }
  }

  /// Returns the evaluation of all rows.
  Result<train::Evaluation> add_measures(const text::TokenizedRows& tokens, train::Lanes& lanes) {
    PEGBOX_TRY(const auto measures, train::guard("evaluation", [&]() -> Result<std::vector<train::TextMeasure>> {
                 return train::measure(model_.decoder, model_.network, tokens, lanes, kBatchTokens, text_.end.id);
               }));
    train::Evaluation whole;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const train::TextMeasure measure = i < measures.size() ? measures[i] : train::TextMeasure{};
      PEGBOX_CHECK(add_measure(i, measure));
      whole.loss += measure.loss;
      whole.label_tokens += measure.label_tokens;
      whole.classes.add(measure.classes);
    }
    whole.loss /= static_cast<double>(whole.label_tokens);
    return whole;
  }

  Result<Json> add_continuations(const Continuer& continuer, train::Lanes& lanes) {
    const SystemClock clock;
    const double start_s = clock.now_s();
    std::vector<Result<Continuation>> continuations(rows_.size());
    lanes.each(rows_.size(), [&](std::size_t i, int) { continuations[i] = continue_row(continuer, i); });
    const double total_s = clock.now_s() - start_s;
    std::vector<Continuation> written;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      PEGBOX_TRY(Continuation continuation, std::move(continuations[i]));
      PEGBOX_CHECK(add_continuation(i, continuation));
      written.push_back(std::move(continuation));
    }
    return speed_of(written, total_s);
  }

  std::vector<Json> take() && { return std::move(records_); }

 private:
  Result<void> add_measure(std::size_t row, const train::TextMeasure& measure) {
    Json& record = records_[row];
    record["label_tokens"] = measure.label_tokens;
    record["nll"] = json_number(measure.loss);
    const auto& labels = model_.decoder.config().labels;
    if (!labels.empty()) {
      record["label"] = rows_[row].label;
      for (std::size_t i = 0; i < measure.probabilities.size(); ++i)
        record["probabilities"][labels[i]] = measure.probabilities[i];
      return {};
    }
    // A prompt's completion ends with the end token, unless it was cut.
    if (!rows_[row].prompt.empty() && measure.end_tokens == 0) record["truncated"] = true;
    record["right_tokens"] = measure.right_tokens;
    record["end_nll"] = json_number(measure.end_loss);
    std::int64_t bytes = 0;
    for (const text::TokenId id : measure.scored) {
      PEGBOX_TRY(const std::int64_t more, bytes_.of(id));
      bytes += more;
    }
    PEGBOX_TRY(const std::string text, text_.tokenizer.decode(measure.scored));
    record["bytes"] = bytes;
    record["words"] = text::split_words(text).size();
    return {};
  }

  Result<Continuation> continue_row(const Continuer& continuer, std::size_t row) const {
    const std::string place = text::place_of(rows_[row], files_);
    const auto task = task_of(rows_[row]);
    if (!task)
      return fail(
          ErrorKind::InvalidInput,
          {.where = place,
           .what = "there is no prompt to go on from",
           .expected = "a prompt with its completion, or a conversation of which the assistant's part is learned"});
    PEGBOX_TRY(const auto ids, continuer.prompt_ids(task->prompt, !task->is_conversation));
    auto continuation = continuer.write(ids, row, /*skip_special=*/true);
    if (!continuation) continuation.error().message = place + ": " + continuation.error().message;
    return continuation;
  }

  Result<void> add_continuation(std::size_t row, const Continuation& continuation) {
    const Task task = *task_of(rows_[row]);
    Json& record = records_[row];
    record["prompt"] = task.prompt;
    record["reference"] = task.reference;
    record["output"] = continuation.text;
    if (task.is_conversation) {  // both without the marks of a turn's end
      PEGBOX_TRY(const auto ids, text_.tokenizer.encode(task.reference));
      PEGBOX_TRY(const std::string reference, text_.tokenizer.decode(ids, /*skip_special=*/true));
      record["reference"] = text::trimmed(reference);
      record["output"] = text::trimmed(continuation.text);
    }
    record["output_tokens"] = continuation.tokens;
    record["first_token_s"] = continuation.first_token_s;
    record["total_s"] = continuation.total_s;
    return {};
  }

  Json speed_of(const std::vector<Continuation>& written, double total_s) const {
    std::vector<double> first;
    std::int64_t tokens = 0;
    for (const Continuation& continuation : written) {
      first.push_back(continuation.first_token_s);
      tokens += continuation.tokens;
    }
    std::ranges::nth_element(first, first.begin() + std::ssize(first) / 2);
    return {{"first_token_s", first[first.size() / 2]},
            {"tokens_per_second", static_cast<double>(tokens) / total_s},
            {"output_tokens", tokens},
            {"total_s", total_s},
            {"peak_memory_bytes", train::peak_resident_bytes()},
            {"adapter_bytes", model_.adapter_bytes}};
  }

  const AskedModel& model_;
  const text::ModelText& text_;
  const std::vector<text::Row>& rows_;
  const std::vector<std::string>& files_;
  std::vector<Json> records_;
  text::TokenBytes bytes_;
};

}  // namespace

Result<void> RowRecords::write(const Path& path) const {
  std::string lines;
  for (const Json& record : records) lines += to_line(record) + "\n";
  return replace_file(path, lines);
}

Result<RowRecords> row_records(const AskedModel& model, const text::ModelText& text, const AskedRows& rows,
                               const train::TrainConfig* generate, train::Lanes& lanes) {
  RecordWriter writer(model, text, rows);
  RowRecords records;
  PEGBOX_TRY(records.whole, writer.add_measures(rows.tokens, lanes));
  if (generate != nullptr) {
    PEGBOX_TRY(const Continuer continuer,
               Continuer::create(model, text, *generate, static_cast<std::uint64_t>(generate->seed)));
    PEGBOX_TRY(records.speed, writer.add_continuations(continuer, lanes));
  }
  records.records = std::move(writer).take();
  return records;
}

}  // namespace pegbox::trainer
