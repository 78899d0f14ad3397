// DataAugment: rows changed by several threads, written in their order.
#include "text/data_augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "text/augmented_row.h"
#include "text/dataset_reader.h"
#include "text/mix_partners.h"
#include "text/row_batches.h"
#include "text/row_copies.h"
#include "text/row_writer.h"
#include "text/utf8.h"

namespace pegbox::text {
namespace {

constexpr std::size_t kShownBefore = 40, kShownBytes = 100;  // of a text, around where it changed

/// About so many bytes of `text`, the one at `place` among them, whole characters.
std::string shown_around(std::string_view text, std::size_t place) {
  std::size_t begin = place > kShownBefore ? place - kShownBefore : 0;
  std::size_t end = std::min(begin + kShownBytes, text.size());
  while (!is_character_start(text, begin)) ++begin;
  while (!is_character_start(text, end)) ++end;
  return fmt::format("{}{}{}", begin > 0 ? "..." : "", text.substr(begin, end - begin), end < text.size() ? "..." : "");
}

/// The first text that changed, around the place.
std::pair<std::string, std::string> first_change(std::span<const std::string> before,
                                                 std::span<const std::string> after) {
  const auto [from, to] = std::ranges::mismatch(before, after);
  const auto place = static_cast<std::size_t>(std::ranges::mismatch(*from, *to).in1 - from->begin());
  return {shown_around(*from, place), shown_around(*to, std::min(place, to->size()))};
}

struct MadeCopy {
  AugmentMethod method;
  std::string bytes, before, after;
};

/// What one row gives.
struct MadeRow {
  std::optional<Error> fault;
  bool is_marked = false;
  std::vector<MadeCopy> copies;
  std::int64_t unchanged = 0, equal = 0;
};

/// A row as its object, with what it says.
struct OpenRow {
  Json json;
  ShapedRow shaped;
  std::optional<std::string> label;
};

tl::unexpected<Error> refuse_row(const std::string& place, std::string what, std::string got, std::string hint) {
  return fail(ErrorKind::InvalidInput,
              {.where = place, .what = std::move(what), .got = std::move(got), .hint = std::move(hint)});
}

class DataAugmenter {
 public:
  DataAugmenter(const DataPart& data, const AugmentOptions& options, const Augmenter& augmenter)
      : data_(data), options_(options), augmenter_(augmenter), partners_(options.plan.seed) {}

  Result<AugmentReport> run(const Path& output) {
    PEGBOX_CHECK(check_output(output, data_.paths));
    PEGBOX_TRY(report_.files, hashed_files(data_, options_.dataset));
    if (options_.plan.uses(AugmentMethod::Mix)) PEGBOX_CHECK(collect_partners());
    PEGBOX_TRY(RowWriter writer, RowWriter::create(output));
    PEGBOX_TRY(RowSource source, RowSource::open(data_.paths, options_.dataset, options_.interrupted));
    const auto work = [&](const RawRow& row) { return made_of(row, place_in(source, row)); };
    const auto use = [&](const RawRow& row, MadeRow made) { return take(row, std::move(made), source, writer); };
    PEGBOX_CHECK(for_each_row(source, options_.threads, work, use));
    if (report_.copy_count() == 0)
      return refuse_row(data_.paths[0].string(), "nothing was made of these rows",
                        fmt::format("{} rows, {} of them made before", report_.rows, report_.marked),
                        "the methods need words: letters between spaces");
    report_.output = output.string();
    PEGBOX_TRY(report_.sha256, writer.finish());
    std::ranges::stable_sort(report_.examples, {}, &AugmentExample::method);
    return std::move(report_);
  }

 private:
  static std::string place_in(const RowSource& source, const RawRow& row) {
    return place_of(source.files()[static_cast<std::size_t>(row.file)], row.line);
  }

  Result<OpenRow> open(const RawRow& raw, const std::string& place) const {
    constexpr char kHint[] = "pegbox clean leaves out what cannot be read";
    if (!raw.fault.empty()) return refuse_row(place, "this row cannot be read", raw.fault, kHint);
    if (inspect(raw.bytes).content != Content::Text)
      return refuse_row(place, "this row cannot be read", "it is not text in UTF-8", kHint);
    OpenRow row;
    if (raw.is_document) {
      row.json = Json{{"text", raw.bytes}};
    } else {
      PEGBOX_TRY(row.json, parse_json(raw.bytes, place));
    }
    PEGBOX_TRY(row.shaped, read_row(row.json, place, options_.dataset));
    row.label = label_of(row.json, options_.dataset);
    return row;
  }

  /// The first of two readings, for texts to mix with.
  Result<void> collect_partners() {
    PEGBOX_TRY(RowSource source, RowSource::open(data_.paths, options_.dataset, options_.interrupted));
    for (;;) {
      PEGBOX_TRY(const auto raw, source.next());
      if (!raw) return {};
      const std::string place = place_in(source, *raw);
      PEGBOX_TRY(const OpenRow row, open(*raw, place));
      if (row.shaped.shape != RowShape::Text || !row.label)
        return refuse_row(place, "only texts of one class are mixed, and this row is no text with a label",
                          std::string(name_of(row.shaped.shape)), "choose --methods without mix");
      if (!row.json.contains(kAugmentedField)) partners_.add(*row.label, row.shaped.row.text);
    }
  }

  MadeRow made_of(const RawRow& raw, const std::string& place) const {
    MadeRow made;
    const auto row = open(raw, place);
    if (!row) {
      made.fault = row.error();
      return made;
    }
    made.is_marked = row->json.contains(kAugmentedField);
    if (made.is_marked) return made;
    add_copies(*row, place, made);
    return made;
  }

  /// Fills `made` with the row's copies.
  void add_copies(const OpenRow& row, const std::string& place, MadeRow& made) const {
    std::vector<std::string> texts;
    Json unchanged = row.json;
    const auto has_text =
        change_json(unchanged, row.shaped, options_.dataset, options_.fields, place, collecting(texts));
    if (!has_text || !*has_text) {
      made.fault = has_text ? plain_text_fault(place) : has_text.error();
      return;
    }
    const RowCopies copies =
        copies_of(texts, content_hash(row.shaped.row), row.label.value_or(""), augmenter_, partners_);
    made.unchanged = copies.unchanged;
    made.equal = copies.equal;
    for (const RowCopy& copy : copies.made) {
      Json json = row.json;
      static_cast<void>(change_json(json, row.shaped, options_.dataset, options_.fields, place, copy.changer()));
      json[kAugmentedField] = {{"method", name_of(copy.method)},
                               {"strength", options_.plan.strength},
                               {"row", place},
                               {"copy", copy.number}};
      const auto [before, after] = first_change(texts, copy.texts);
      made.copies.push_back({.method = copy.method, .bytes = to_line(json), .before = before, .after = after});
    }
  }

  static Error plain_text_fault(const std::string& place) {
    return refuse_row(place, "the row is plain text, all of which is learned: a model would learn the noise",
                      "no prompt and no label", "say --fields text if that is what you want")
        .value();
  }

  Result<void> take(const RawRow& row, MadeRow made, const RowSource& source, RowWriter& writer) {
    if (made.fault) return tl::make_unexpected(*std::move(made.fault));
    ++report_.rows;
    report_.marked += made.is_marked;
    report_.unchanged += made.unchanged;
    report_.equal += made.equal;
    if (!options_.only_copies) PEGBOX_CHECK(writer.add(row));
    for (MadeCopy& copy : made.copies) {
      std::int64_t& count = report_.copies[static_cast<std::size_t>(copy.method)];
      if (static_cast<std::size_t>(count++) < options_.examples)
        report_.examples.push_back({copy.method, place_in(source, row), std::move(copy.before), std::move(copy.after)});
      PEGBOX_CHECK(writer.add({.file = row.file, .line = row.line, .bytes = std::move(copy.bytes)}));
    }
    return {};
  }

  const DataPart& data_;
  const AugmentOptions& options_;
  const Augmenter& augmenter_;
  MixPartners partners_;
  AugmentReport report_;
};

}  // namespace

std::int64_t AugmentReport::copy_count() const {
  return std::accumulate(copies.begin(), copies.end(), std::int64_t{0});
}

Result<AugmentReport> augment_data(const DataPart& data, const Path& output, const AugmentOptions& options) {
  PEGBOX_TRY(const Augmenter augmenter, Augmenter::create(options.plan));
  return DataAugmenter(data, options, augmenter).run(output);
}

Json to_json(const AugmentReport& report, const Augmentation& plan) {
  Json files = Json::array(), methods = Json::array(), by_method = Json::object(), examples = Json::array();
  for (const CheckedPart::File& file : report.files) files.push_back({{"name", file.name}, {"sha256", file.sha256}});
  for (const AugmentMethod method : plan.methods) methods.push_back(name_of(method));
  for (std::size_t i = 0; i < report.copies.size(); ++i)
    if (report.copies[i] > 0) by_method[std::string(name_of(static_cast<AugmentMethod>(i)))] = report.copies[i];
  for (const AugmentExample& example : report.examples)
    examples.push_back({{"method", name_of(example.method)},
                        {"place", example.place},
                        {"before", example.before},
                        {"after", example.after}});
  return {{"files", std::move(files)},
          {"rows", report.rows},
          {"marked", report.marked},
          {"copies", report.copy_count()},
          {"by_method", std::move(by_method)},
          {"unchanged", report.unchanged},
          {"equal", report.equal},
          {"methods", std::move(methods)},
          {"strength", plan.strength},
          {"seed", plan.seed},
          {"examples", std::move(examples)},
          {"output", report.output},
          {"sha256", report.sha256}};
}

}  // namespace pegbox::text
