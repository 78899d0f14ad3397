// Calls over the Rust border: views of our strings, and the bridge's buffers taken into ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "text/bridge/bridge.h"
#include "text/span.h"

namespace pegbox::text {

inline pegbox_view view_of(std::string_view text) { return {text.data(), text.size()}; }

/// A buffer that the bridge fills, freed with its owner.
class BridgeString {
 public:
  BridgeString() = default;
  explicit BridgeString(pegbox_string string) : string_(string) {}
  BridgeString(const BridgeString&) = delete;
  BridgeString& operator=(const BridgeString&) = delete;
  ~BridgeString() { pegbox_string_free(string_); }

  pegbox_string* out() { return &string_; }
  bool empty() const { return string_.data == nullptr; }
  std::string text() const { return empty() ? std::string() : std::string(string_.data, string_.size); }

 private:
  pegbox_string string_{nullptr, 0};
};

/// Ids that the bridge fills, freed with their owner.
class BridgeIds {
 public:
  BridgeIds() = default;
  BridgeIds(const BridgeIds&) = delete;
  BridgeIds& operator=(const BridgeIds&) = delete;
  ~BridgeIds() { pegbox_ids_free(ids_); }

  pegbox_ids* out() { return &ids_; }
  const pegbox_ids& get() const { return ids_; }

 private:
  pegbox_ids ids_{nullptr, nullptr, nullptr, 0, 0};
};

/// Parts of a text that the bridge names, freed with their owner.
class BridgeSpans {
 public:
  BridgeSpans() = default;
  BridgeSpans(const BridgeSpans&) = delete;
  BridgeSpans& operator=(const BridgeSpans&) = delete;
  ~BridgeSpans() { pegbox_spans_free(spans_); }

  pegbox_spans* out() { return &spans_; }
  std::vector<Span> spans() const {
    std::vector<Span> spans;
    for (std::size_t i = 0; i < spans_.count; ++i) spans.push_back({spans_.bounds[2 * i], spans_.bounds[2 * i + 1]});
    return spans;
  }

 private:
  pegbox_spans spans_{nullptr, 0};
};

}  // namespace pegbox::text
