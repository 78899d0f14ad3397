// PayloadWriter: appends to one string.
#include "search/payload_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <variant>

namespace pegbox {
namespace {

/// Whether a text stands in JSON as it is.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; });
}

template <class Number>
void append_number(std::string& line, Number value) {
  char digits[32];
  const auto written = std::to_chars(std::begin(digits), std::end(digits), value);
  line.append(digits, written.ptr);
}

}  // namespace

PayloadWriter& PayloadWriter::member(std::string_view key, std::int64_t value) {
  begin(key);
  append_number(line_, value);
  return *this;
}

PayloadWriter& PayloadWriter::member(std::string_view key, std::uint64_t value) {
  begin(key);
  append_number(line_, value);
  return *this;
}

PayloadWriter& PayloadWriter::member(std::string_view key, double value) {
  begin(key);
  write_real(value);
  return *this;
}

PayloadWriter& PayloadWriter::member(std::string_view key, std::string_view value) {
  begin(key);
  write_text(value);
  return *this;
}

PayloadWriter& PayloadWriter::json(std::string_view key, const Json& value) {
  begin(key);
  line_ += to_line(value);
  return *this;
}

PayloadWriter& PayloadWriter::value(std::string_view key, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return member(key, std::string_view(*text));
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return member(key, *integer);
  if (const auto* real = std::get_if<double>(&value)) return member(key, *real);
  begin(key);
  line_ += std::get<bool>(value) ? "true" : "false";
  return *this;
}

PayloadWriter& PayloadWriter::member(std::string_view key, const Metrics& value) {
  PayloadWriter metrics;
  for (const auto& [name, number] : value) metrics.member(name, number);
  begin(key);
  line_ += std::move(metrics).finish();
  return *this;
}

PayloadWriter& PayloadWriter::member(std::string_view key, const Config& value) {
  PayloadWriter config;
  for (const auto& [name, each] : value) config.value(name, each);
  begin(key);
  line_ += std::move(config).finish();
  return *this;
}

PayloadWriter& PayloadWriter::member(std::string_view key, const CheckpointRef& value) {
  PayloadWriter checkpoint;
  checkpoint.member("trial", value.trial).member("step", value.step).member("name", value.name);
  begin(key);
  line_ += std::move(checkpoint).finish();
  return *this;
}

std::string PayloadWriter::finish() && {
  line_ += '}';
  return std::move(line_);
}

void PayloadWriter::begin(std::string_view key) {
  if (line_.size() > 1) line_ += ',';
  write_text(key);
  line_ += ':';
}

void PayloadWriter::write_text(std::string_view text) {
  if (!is_plain(text)) {
    line_ += to_line(Json(text));
    return;
  }
  line_ += '"';
  line_ += text;
  line_ += '"';
}

void PayloadWriter::write_real(double value) {
  if (!std::isfinite(value)) {
    line_ += to_line(json_number(value));
    return;
  }
  const std::size_t start = line_.size();
  append_number(line_, value);
  if (line_.find_first_of(".e", start) == std::string::npos) line_ += ".0";  // stays a real when it is read
}

}  // namespace pegbox
