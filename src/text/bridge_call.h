// Calls over the Rust border: views of our strings, and the bridge's buffers taken into ours.
#pragma once

#include <string>
#include <string_view>

#include "text/bridge/bridge.h"

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
  pegbox_ids ids_{nullptr, nullptr, 0, 0};
};

}  // namespace pegbox::text
