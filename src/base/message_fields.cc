// MessageFields: counts and metrics of messages.
#include "base/message_fields.h"

namespace pegbox {

Result<std::int64_t> count_at(const Node& body, std::string_view key) {
  PEGBOX_TRY(const Node node, body.at(key));
  PEGBOX_TRY(const std::int64_t value, node.integer());
  if (value < 0) return node.fail("negative", "an integer of at least 0");
  return value;
}

Result<Metrics> read_metrics(const Node& node) {
  if (!node.is_object()) return node.fail("not an object", "metric names with numbers");
  Metrics metrics;
  for (const auto& [name, value] : node.members())
    if (!read_json_number(value.json(), metrics[name]))
      return value.fail("not a number", "a number, \"nan\", \"inf\" or \"-inf\"");
  return metrics;
}

}  // namespace pegbox
