// Examples: see examples.h.
#include "watch/examples.h"

#include <fmt/format.h>

#include <functional>
#include <optional>

#include "base/file_line_reader.h"
#include "text/row_writer.h"
#include "text/utf8.h"
#include "watch/record.h"

namespace pegbox::watch {

namespace {

/// Calls `use` with each record of the logs.
Result<void> for_each_record(const WatchConfig& config, const RecordReader& reader,
                             const std::atomic<bool>& interrupted, ExampleReport& report,
                             const std::function<Result<void>(const Record&)>& use) {
  for (const std::string& log : config.logs) {
    PEGBOX_TRY(auto lines, FileLineReader::open(log));
    for (;;) {
      if (interrupted) return fail(ErrorKind::Interrupted, {.where = log, .what = "interrupted"});
      PEGBOX_TRY(const auto line, lines.next());
      if (!line) break;
      if (text::is_blank(*line)) continue;
      const auto record = reader.read(*line, fmt::format("{}:{}", log, lines.line()));
      if (!record && !config.skips_broken) return tl::make_unexpected(record.error());
      ++(record ? report.records : report.broken);
      if (record) PEGBOX_CHECK(use(*record));
    }
  }
  return {};
}

Result<void> add_example(const std::string& prompt, const std::string& completion, double weight,
                         text::RowWriter& writer, ExampleSet& set) {
  set.weight += weight;
  ++set.rows;
  return writer.add({.bytes = to_line(Json{{"prompt", prompt}, {"completion", completion}, {"weight", weight}})});
}

Result<void> finish(const Path& path, text::RowWriter writer, ExampleSet& set) {
  if (set.rows == 0) return {};  // the writer removes what it began
  set.file = path.string();
  const auto hash = writer.finish();
  return hash ? Result<void>() : tl::make_unexpected(hash.error());
}

}  // namespace

Result<ExampleReport> write_examples(const WatchConfig& config, const Path& folder,
                                     const std::atomic<bool>& interrupted) {
  WatchConfig plain = config;
  plain.safety = {};  // nothing that takes long to make is needed here
  PEGBOX_TRY(const RecordReader reader, RecordReader::create(plain));
  PEGBOX_CHECK(make_folder(folder));
  const Path corrections = folder / "corrections.jsonl", kept = folder / "kept.jsonl";
  PEGBOX_TRY(auto to_corrections, text::RowWriter::create(corrections));
  PEGBOX_TRY(auto to_kept, text::RowWriter::create(kept));
  ExampleReport report;
  const auto [good, bad] = config.feedback;
  PEGBOX_CHECK(for_each_record(config, reader, interrupted, report, [&](const Record& record) -> Result<void> {
    const double rating = record.rating.value_or(bad);
    if (record.prompt.empty()) return {};
    if (!record.correction.empty())
      return add_example(record.prompt, record.correction, 1, to_corrections, report.corrections);
    report.bad += record.rating && rating <= bad;
    if (!record.rating || rating < good || record.output.empty()) return {};
    return add_example(record.prompt, record.output, (rating - bad) / (good - bad), to_kept, report.kept);
  }));
  PEGBOX_CHECK(finish(corrections, std::move(to_corrections), report.corrections));
  PEGBOX_CHECK(finish(kept, std::move(to_kept), report.kept));
  return report;
}

Json to_json(const ExampleReport& report) {
  const auto of = [](const ExampleSet& set) -> Json {
    return {{"file", set.file}, {"rows", set.rows}, {"weight", set.weight}};
  };
  return {{"records", report.records},
          {"broken", report.broken},
          {"corrections", of(report.corrections)},
          {"kept", of(report.kept)},
          {"bad", report.bad}};
}

}  // namespace pegbox::watch
