// Anonymize: see anonymize.h.
#include "text/anonymize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "base/sha256.h"
#include "text/dataset_reader.h"
#include "text/row_batches.h"
#include "text/row_writer.h"
#include "text/surrogate.h"
#include "text/utf8.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

constexpr std::array<std::string_view, 4> kMethodNames = {"replace", "mask", "hash", "surrogate"};
constexpr std::size_t kLeastSecretBytes = 16, kHashDigits = 12;

std::string capital_name(PersonalKind kind) {
  std::string name(name_of(kind));
  std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  return name;
}

std::string masked(std::string_view value) {
  std::string mask;
  for (std::size_t i = 0; i < value.size();) {
    const auto [code, bytes] = character_at(value, i);
    const bool is_hidden = code < 0x80 ? std::isalnum(static_cast<int>(code)) != 0 : is_word_character(code);
    mask += is_hidden ? "*" : std::string(value.substr(i, bytes));
    i += bytes;
  }
  return mask;
}

constexpr std::string_view kJsonSpace = " \t\r\n";

/// Where the string of well-formed JSON ends whose quote is at `start`.
std::size_t end_of_string(std::string_view json, std::size_t start) {
  std::size_t i = start + 1;
  for (; json[i] != '"'; ++i) i += json[i] == '\\';
  return i + 1;
}

/// A row that was looked at.
struct Anonymized {
  std::optional<std::string> bytes;  ///< what it is now; nothing if it stays
  PersonalCounts found{};
  std::string fault;
};

Anonymized anonymized(const RawRow& row, const Anonymizer& anonymizer) {
  Anonymized done;
  if (!row.fault.empty() || inspect(row.bytes).content != Content::Text) {
    done.fault = row.fault.empty() ? "it is not text in UTF-8" : row.fault;
  } else if (row.is_document) {
    std::string text = anonymizer.apply(row.bytes, done.found);
    if (text != row.bytes) done.bytes = std::move(text);
  } else if (auto json = parse_json(row.bytes, "row"); !json || !json->is_object()) {
    done.fault = json ? "it is no JSON object" : json.error().message;
  } else {
    std::string bytes = anonymizer.apply_json(row.bytes, done.found);
    if (bytes != row.bytes) done.bytes = std::move(bytes);
  }
  return done;
}

}  // namespace

Result<AnonymizeMethod> anonymize_method_of(std::string_view name) {
  const auto found = std::ranges::find(kMethodNames, name);
  if (found != kMethodNames.end()) return static_cast<AnonymizeMethod>(found - kMethodNames.begin());
  return fail(ErrorKind::InvalidInput, {.where = "--method",
                                        .what = "no method has this name",
                                        .got = std::string(name),
                                        .expected = "replace, mask, hash or surrogate"});
}

Result<PersonalKinds> personal_kinds_of(std::span<const std::string> names) {
  PersonalKinds kinds{};
  for (const std::string& name : names) {
    std::size_t kind = 0;
    while (kind < kPersonalKinds && name_of(static_cast<PersonalKind>(kind)) != name) ++kind;
    if (kind == kPersonalKinds)
      return fail(ErrorKind::InvalidInput, {.where = "--kinds",
                                            .what = "no kind of personal data has this name",
                                            .got = name,
                                            .expected = personal_kind_names()});
    kinds[kind] = true;
  }
  return kinds;
}

std::string personal_kind_names() {
  std::string names;
  for (std::size_t kind = 0; kind < kPersonalKinds; ++kind)
    names.append(names.empty() ? "" : ", ").append(name_of(static_cast<PersonalKind>(kind)));
  return names;
}

Result<Anonymizer> Anonymizer::create(AnonymizeMethod method, std::string secret, const PersonalKinds& kinds) {
  const bool needs_secret = method == AnonymizeMethod::Hash || method == AnonymizeMethod::Surrogate;
  if (needs_secret && secret.size() < kLeastSecretBytes)
    return fail(ErrorKind::InvalidInput,
                {.where = "--secret-file",
                 .what = "without a secret, whoever guesses a value can test the guess",
                 .got = fmt::format("{} bytes", secret.size()),
                 .expected = fmt::format("a file of at least {}", kLeastSecretBytes),
                 .hint = "make one with: head -c 32 /dev/urandom | base64 > secret; keep it, and apart from the data"});
  return Anonymizer(method, std::move(secret), kinds);
}

std::string Anonymizer::stand_in(PersonalKind kind, std::string_view value) const {
  switch (method_) {
    case AnonymizeMethod::Replace:
      return fmt::format("[{}]", capital_name(kind));
    case AnonymizeMethod::Mask:
      return masked(value);
    case AnonymizeMethod::Hash:
      return fmt::format("[{}:{}]", capital_name(kind), hmac_sha256(secret_, value).substr(0, kHashDigits));
    case AnonymizeMethod::Surrogate:
      return surrogate_of(kind, value, secret_);
  }
  return {};
}

std::string Anonymizer::apply(std::string_view text, PersonalCounts& counts) const {
  std::string result;
  std::size_t from = 0;
  for (const PersonalSpan& span : finder_.find(text)) {
    if (!is_wanted(span.kind)) continue;
    ++counts[static_cast<std::size_t>(span.kind)];
    result += text.substr(from, span.start - from);
    result += stand_in(span.kind, text.substr(span.start, span.end - span.start));
    from = span.end;
  }
  return result += text.substr(from);
}

std::string Anonymizer::apply_to_member(std::string_view name, const std::string& value, PersonalCounts& counts) const {
  if (value.empty() || !is_wanted(PersonalKind::Secret) || !is_secret_field(name)) return apply(value, counts);
  ++counts[static_cast<std::size_t>(PersonalKind::Secret)];
  return stand_in(PersonalKind::Secret, value);
}

std::string Anonymizer::apply_json(std::string_view json, PersonalCounts& counts) const {
  std::string result, name;
  std::size_t copied = 0;
  char before = ' ';  // the last character that is no white space
  for (std::size_t i = 0; i < json.size();) {
    if (json[i] != '"') {
      if (kJsonSpace.find(json[i]) == std::string_view::npos) before = json[i];
      ++i;
      continue;
    }
    const std::size_t end = end_of_string(json, i), next = json.find_first_not_of(kJsonSpace, end);
    const std::string value = Json::parse(json.substr(i, end - i)).get<std::string>();
    if (next != std::string_view::npos && json[next] == ':') {
      name = value;
    } else if (std::string safe = before == ':' ? apply_to_member(name, value, counts) : apply(value, counts);
               safe != value) {
      result.append(json.substr(copied, i - copied)).append(to_line(Json(std::move(safe))));
      copied = end;
    }
    before = '"';
    i = end;
  }
  return result.append(json.substr(copied));
}

Result<AnonymizeReport> anonymize_data(const DataPart& data, const Path& output, const Anonymizer& anonymizer,
                                       int threads, const std::atomic<bool>* interrupted) {
  PEGBOX_CHECK(check_output(output, data.paths));
  PEGBOX_TRY(RowWriter writer, RowWriter::create(output));
  PEGBOX_TRY(RowSource source, RowSource::open(data.paths, {}, interrupted));
  AnonymizeReport report{.output = output.string()};
  const auto work = [&](const RawRow& row) { return anonymized(row, anonymizer); };
  const auto use = [&](RawRow& row, Anonymized done) -> Result<void> {
    if (!done.fault.empty())
      return fail(ErrorKind::InvalidInput,
                  {.where = fmt::format("{}:{}", source.files()[static_cast<std::size_t>(row.file)], row.line),
                   .what = "this row cannot be looked through",
                   .got = done.fault,
                   .hint = "pegbox clean leaves out what cannot be read"});
    for (std::size_t kind = 0; kind < kPersonalKinds; ++kind) report.found[kind] += done.found[kind];
    report.changed_rows += done.bytes.has_value();
    if (done.bytes) row.bytes = *std::move(done.bytes);
    return writer.add(row);
  };
  PEGBOX_CHECK(for_each_row(source, threads, work, use));
  report.rows = writer.rows();
  PEGBOX_TRY(report.sha256, writer.finish());
  return report;
}

Json to_json(const AnonymizeReport& report) {
  Json found = Json::object();
  for (std::size_t kind = 0; kind < kPersonalKinds; ++kind)
    if (report.found[kind] > 0) found[std::string(name_of(static_cast<PersonalKind>(kind)))] = report.found[kind];
  return {{"rows", report.rows},
          {"changed_rows", report.changed_rows},
          {"found", std::move(found)},
          {"output", report.output},
          {"sha256", report.sha256}};
}

}  // namespace pegbox::text
