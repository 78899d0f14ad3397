// RowFacts: a row parsed, hashed and held against the rules.
#include "text/row_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/dataset_reader.h"
#include "text/language.h"
#include "text/quality_rules.h"
#include "text/row_batches.h"
#include "text/row_shapes.h"
#include "text/text_faults.h"
#include "text/utf8.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

constexpr std::size_t kExcerptBytes = 80;

/// Whether a row that could not be read has one of our fields with nothing in it.
bool has_blank_field(const Json& json, const DatasetOptions& options) {
  if (!json.is_object()) return false;
  return std::ranges::any_of(kFieldNames, [&](std::string_view name) {
    const auto column = options.columns.find(std::string(name));
    const auto found = json.find(column == options.columns.end() ? std::string(name) : column->second);
    if (found == json.end()) return false;
    return found->is_string() ? is_blank(found->get_ref<const std::string&>()) : found->is_array() && found->empty();
  });
}

/// What is learned of a row: its last words.
std::string learned_text(const Row& row) {
  if (!row.conversation) return row.text;
  const Json& last = row.conversation->messages.back();
  const auto content = last.find("content");
  return content != last.end() && content->is_string() ? content->get<std::string>() : std::string();
}

/// Which of the assistant's turns that are learned says nothing, in words; nothing if none does.
std::optional<std::string> find_silence(const Conversation& conversation) {
  bool has_turn = false;
  const auto first = static_cast<std::size_t>(conversation.prompt_messages);
  for (std::size_t i = first; i < conversation.messages.size(); ++i) {
    const Json& message = conversation.messages[i];
    if (message["role"] != "assistant") continue;
    has_turn = true;
    if (is_blank(content_text(message))) return fmt::format("message {}, the assistant's, says nothing", i + 1);
  }
  return has_turn ? std::nullopt : std::optional<std::string>("no message is the assistant's");
}

/// An error's message without the place that it begins with.
std::string without_place(const std::string& message) {
  const std::size_t end = message.find("] ");
  return message.starts_with('[') && end != std::string::npos ? message.substr(end + 2) : message;
}

std::string excerpt_of(std::string_view text) {
  return excerpt(Json(text.substr(0, 4 * kExcerptBytes)), kExcerptBytes);
}

}  // namespace

void RowInspector::note(RowFacts& facts, CheckKind kind, std::string detail, std::string_view rule) const {
  if (wants(kind)) facts.faults.push_back({kind, std::move(detail), rule});
}

RowFacts RowInspector::inspect(const RawRow& raw, const std::string& file) const {
  RowFacts facts{.file = raw.file, .line = raw.line};
  const ContentFault fault = text::inspect(raw.bytes);
  if (!raw.fault.empty()) {
    note(facts, CheckKind::Unreadable, without_place(raw.fault));
  } else if (fault.content == Content::Empty) {
    note(facts, CheckKind::Empty, "white space only");
  } else if (fault.content == Content::Binary) {
    note(facts, CheckKind::Unreadable, fmt::format("a NUL byte at offset {}", fault.offset));
  } else if (fault.content == Content::NotUtf8) {
    note(facts, CheckKind::Encoding, describe_bad_bytes(raw.bytes, fault.offset));
  } else if (!raw.is_document) {
    inspect_json(raw, file, facts);
  } else {
    Row row{.text = raw.bytes};
    facts.is_row = true;
    facts.content = content_hash(row);
    inspect_text(raw.bytes, raw.bytes, facts);
  }
  return facts;
}

void RowInspector::inspect_json(const RawRow& raw, const std::string& file, RowFacts& facts) const {
  const std::string where = fmt::format("{}:{}", file, raw.line);
  const auto json = parse_json(raw.bytes, where);
  if (!json) {
    note(facts, CheckKind::Unreadable, without_place(json.error().message));
    return;
  }
  const auto shaped = read_row(*json, where, options_);
  if (!shaped) {
    const bool is_empty = has_blank_field(*json, options_);
    note(facts, is_empty ? CheckKind::Empty : CheckKind::Unreadable, without_place(shaped.error().message));
    return;
  }
  const std::string learned = learned_text(shaped->row);
  if (!shaped->row.conversation && is_blank(learned)) {
    note(facts, CheckKind::Empty, "white space only");
    return;
  }
  if (shaped->row.conversation)
    if (auto silence = find_silence(*shaped->row.conversation)) {
      note(facts, CheckKind::Empty, *std::move(silence));
      return;
    }
  facts.is_row = true;
  facts.shape = shaped->shape;
  facts.content = content_hash(shaped->row);
  if (shaped->shape == RowShape::Text) facts.label = label_of(*json, options_);
  inspect_text(own_text_of(*json, *shaped, options_), learned, facts);
}

void RowInspector::inspect_text(const std::string& own, const std::string& learned, RowFacts& facts) const {
  facts.bytes = static_cast<std::int64_t>(own.size());
  if (wants(CheckKind::NearDuplicates) || wants(CheckKind::Leakage)) {
    thread_local std::vector<std::uint64_t> words;
    hash_words(own, words);
    if (const auto signature = minhash_.signature(words)) facts.bands = bands_of(*signature);
  }
  if (wants(CheckKind::Encoding))
    if (auto detail = find_mojibake(own)) note(facts, CheckKind::Encoding, *std::move(detail));
  if (wants(CheckKind::Garbled))
    if (auto detail = find_garbling(own)) note(facts, CheckKind::Garbled, *std::move(detail));
  if (wants(CheckKind::Truncated))
    if (auto detail = find_cut(learned)) note(facts, CheckKind::Truncated, *std::move(detail));
  if (wants(CheckKind::LabelErrors) && facts.label) facts.features = features_of(own);
  if (wants(CheckKind::Language)) facts.language = language_of(own);
  apply_rules(own, facts.shape == RowShape::Text && !facts.label, facts);
  if (!facts.faults.empty()) facts.excerpt = excerpt_of(own);
}

void RowInspector::apply_rules(const std::string& text, bool is_document, RowFacts& facts) const {
  const bool judges_documents =
      is_document && (wants(CheckKind::Gopher) || wants(CheckKind::C4) || wants(CheckKind::FineWeb));
  if (!judges_documents && !wants(CheckKind::Repetition)) return;
  const TextStatistics statistics = statistics_of(text);
  for (const QualityRule& rule : quality_rules()) {
    const bool applies =
        rule.kind == CheckKind::Repetition ? statistics.words >= kLeastWordsForRepetition : is_document;
    if (applies && wants(rule.kind) && rule.rejects(statistics))
      note(facts, rule.kind, fmt::format("{}: {:.3g} {}", rule.name, rule.value(statistics), rule.what), rule.name);
  }
}

Result<void> inspect_rows(RowSource& source, const RowInspector& inspector, int threads,
                          const std::function<Result<void>(const RawRow&, RowFacts)>& use) {
  const auto work = [&](const RawRow& row) {
    return inspector.inspect(row, source.files()[static_cast<std::size_t>(row.file)]);
  };
  return for_each_row(source, threads, work, use);
}

}  // namespace pegbox::text
