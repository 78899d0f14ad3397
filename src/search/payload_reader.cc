// PayloadReader: a pull reader, and the events that are read with it.
#include "search/payload_reader.h"

#include <charconv>
#include <limits>

#include "base/number.h"

namespace pegbox {
namespace {

constexpr int kMaxDepth = 50;  // of a reason; parse_json's own limit counts from the payload's beginning

/// Reads each key at most once; gives up at a key twice or one that `read` does not know.
template <class Read>
void read_object(PayloadReader& reader, Read read) {
  std::uint32_t seen = 0;
  std::string_view key;
  if (!reader.open()) return;
  while (reader.next_key(key)) {
    const int index = read(key);
    if (index < 0 || (seen & (1u << index)) != 0) return reader.give_up();
    seen |= 1u << index;
  }
}

/// The whole of a payload, if it was read to its end and had the `required` keys (one bit for each).
template <class Read>
bool read_payload(PayloadReader& reader, std::uint32_t required, Read read) {
  std::uint32_t seen = 0;
  read_object(reader, [&](std::string_view key) {
    const int index = read(key);
    if (index >= 0) seen |= 1u << index;
    return index;
  });
  return reader.at_end() && (seen & required) == required;
}

template <class T>
int take(int index, T& target, T&& value) {
  target = std::move(value);
  return index;
}

CheckpointRef read_checkpoint(PayloadReader& reader) {
  CheckpointRef checkpoint;
  std::uint32_t seen = 0;
  read_object(reader, [&](std::string_view key) {
    int index = -1;
    if (key == "trial") index = take(0, checkpoint.trial, reader.integer());
    if (key == "step") index = take(1, checkpoint.step, reader.integer());
    if (key == "name") index = take(2, checkpoint.name, std::string(reader.text()));
    if (index >= 0) seen |= 1u << index;
    return index;
  });
  if (seen != 7) reader.give_up();
  return checkpoint;
}

Config read_config(PayloadReader& reader) {
  Config config;
  std::string_view key;
  if (!reader.open()) return config;
  while (reader.next_key(key)) {
    if (config.find(key)) reader.give_up();
    config.set(key, reader.value());
  }
  return config;
}

Metrics read_metrics(PayloadReader& reader) {
  Metrics metrics;
  std::string_view key;
  if (!reader.open()) return metrics;
  while (reader.next_key(key)) {
    const std::size_t before = metrics.size();
    metrics.emplace_hint(metrics.end(), key, reader.real());
    if (metrics.size() == before) reader.give_up();
  }
  return metrics;
}

std::optional<Event::What> read_created(PayloadReader reader) {
  event::TrialCreated what;
  const bool is_read = read_payload(reader, 0b1011, [&](std::string_view key) {
    if (key == "trial") return take(0, what.trial, reader.integer());
    if (key == "config") return take(1, what.config, read_config(reader));
    if (key == "reason") return take(2, what.reason, reader.any());
    if (key == "seed") return take(3, what.seed, reader.seed());
    if (key == "clone_of") return take(4, what.clone_of, std::optional(read_checkpoint(reader)));
    return -1;
  });
  return is_read ? std::optional<Event::What>(std::move(what)) : std::nullopt;
}

std::optional<Event::What> read_started(PayloadReader reader) {
  event::TrialStarted what;
  const bool is_read = read_payload(reader, 0b01111, [&](std::string_view key) {
    if (key == "trial") return take(0, what.trial, reader.integer());
    if (key == "worker") return take(1, what.worker, std::string(reader.text()));
    if (key == "from") return take(2, what.from, reader.integer());
    if (key == "until") return take(3, what.until, reader.integer());
    if (key == "lease_s") return take(4, what.lease_s, reader.real());
    return -1;
  });
  return is_read ? std::optional<Event::What>(std::move(what)) : std::nullopt;
}

std::optional<Event::What> read_reported(PayloadReader reader) {
  event::TrialReported what;
  const bool is_read = read_payload(reader, 0b111, [&](std::string_view key) {
    if (key == "trial") return take(0, what.trial, reader.integer());
    if (key == "step") return take(1, what.step, reader.integer());
    if (key == "metrics") return take(2, what.metrics, read_metrics(reader));
    return -1;
  });
  return is_read ? std::optional<Event::What>(std::move(what)) : std::nullopt;
}

std::optional<Event::What> read_moved(PayloadReader reader) {
  event::TrialMoved what;
  const bool is_read = read_payload(reader, 0b000111, [&](std::string_view key) {
    if (key == "trial") return take(0, what.trial, reader.integer());
    if (key == "to") {
      const auto state = trial_state_of(reader.text());
      if (!state) return -1;
      what.to = *state;
      return 1;
    }
    if (key == "step") return take(2, what.step, reader.integer());
    if (key == "checkpoint") return take(3, what.checkpoint, std::optional(read_checkpoint(reader)));
    if (key == "failure") {
      what.failure = failure_kind_of(reader.text());
      return what.failure ? 4 : -1;
    }
    if (key == "detail") return take(5, what.detail, std::string(reader.text()));
    return -1;
  });
  return is_read ? std::optional<Event::What>(std::move(what)) : std::nullopt;
}

}  // namespace

bool PayloadReader::skip(char c) {
  if (gave_up_ || next_ == end_ || *next_ != c) return false;
  ++next_;
  return true;
}

bool PayloadReader::open() {
  first_ = true;
  if (!skip('{')) gave_up_ = true;
  return !gave_up_;
}

bool PayloadReader::next_key(std::string_view& key) {
  if (gave_up_) return false;
  if (skip('}')) {
    first_ = false;
    return false;
  }
  if (!first_ && !skip(',')) gave_up_ = true;
  first_ = false;
  key = text();
  if (!skip(':')) gave_up_ = true;
  return !gave_up_;
}

std::string_view PayloadReader::text() {
  if (!skip('"')) gave_up_ = true;
  if (gave_up_) return {};
  const char* const begin = next_;
  while (next_ != end_ && *next_ != '"') {
    const auto byte = static_cast<unsigned char>(*next_);
    if (byte < 0x20 || byte >= 0x80 || byte == '\\') break;
    ++next_;
  }
  const std::string_view text(begin, static_cast<std::size_t>(next_ - begin));
  if (!skip('"')) gave_up_ = true;
  return gave_up_ ? std::string_view() : text;
}

/// A number of JSON's grammar: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
std::string_view PayloadReader::number_token(bool& is_integer) {
  const char* const begin = next_;
  const auto digits = [&] {
    const char* const first = next_;
    while (next_ != end_ && is_digit(*next_)) ++next_;
    if (next_ == first) gave_up_ = true;
    return first;
  };
  is_integer = true;
  skip('-');
  const char* const whole = digits();
  if (next_ - whole > 1 && *whole == '0') gave_up_ = true;
  if (skip('.')) {
    is_integer = false;
    digits();
  }
  if (next_ != end_ && (*next_ == 'e' || *next_ == 'E')) {
    is_integer = false;
    ++next_;
    if (!skip('+')) skip('-');
    digits();
  }
  return {begin, static_cast<std::size_t>(next_ - begin)};
}

std::int64_t PayloadReader::integer() {
  bool is_integer = false;
  const std::string_view token = number_token(is_integer);
  std::int64_t value = 0;
  if (!is_integer || std::from_chars(token.data(), token.data() + token.size(), value).ec != std::errc{})
    gave_up_ = true;
  return value;
}

std::uint64_t PayloadReader::seed() {
  bool is_integer = false;
  const std::string_view token = number_token(is_integer);
  std::uint64_t value = 0;
  if (!is_integer || std::from_chars(token.data(), token.data() + token.size(), value).ec != std::errc{})
    gave_up_ = true;
  return value;
}

double PayloadReader::real() {
  if (next_ != end_ && *next_ == '"') {
    const std::string_view name = text();
    if (name == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (name == "inf") return std::numeric_limits<double>::infinity();
    if (name != "-inf") gave_up_ = true;
    return -std::numeric_limits<double>::infinity();
  }
  bool is_integer = false;
  const std::string_view token = number_token(is_integer);
  double value = 0;
  if (std::from_chars(token.data(), token.data() + token.size(), value).ec != std::errc{}) gave_up_ = true;
  return value;
}

Value PayloadReader::value() {
  const char c = next_ == end_ ? '\0' : *next_;
  if (c == '"') return std::string(text());
  for (const bool flag : {true, false}) {
    const std::string_view word = flag ? "true" : "false";
    if (!std::string_view(next_, static_cast<std::size_t>(end_ - next_)).starts_with(word)) continue;
    next_ += word.size();
    return flag;
  }
  bool is_integer = false;
  const char* const begin = next_;
  number_token(is_integer);
  next_ = begin;
  if (is_integer) return integer();
  return real();
}

Json PayloadReader::any() {
  const char* const begin = next_;
  int depth = 0;
  bool in_text = false;
  for (; next_ != end_; ++next_) {
    const char c = *next_;
    if (in_text) {
      if (c == '\\' && next_ + 1 != end_) ++next_;
      if (c == '"') in_text = false;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) break;
    if (c == '"') in_text = true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kMaxDepth) gave_up_ = true;
  }
  if (gave_up_) return {};
  auto json = parse_json({begin, static_cast<std::size_t>(next_ - begin)}, "payload");
  if (json) return std::move(*json);
  gave_up_ = true;
  return {};
}

std::optional<Event::What> decode_usual_payload(std::string_view kind, std::string_view payload) {
  if (kind == "trial-reported") return read_reported(PayloadReader(payload));
  if (kind == "trial-started") return read_started(PayloadReader(payload));
  if (kind == "trial-moved") return read_moved(PayloadReader(payload));
  if (kind == "trial-created") return read_created(PayloadReader(payload));
  return std::nullopt;
}

}  // namespace pegbox
