// Transfer: reading `transfer:`.
#include "search/transfer.h"

#include <algorithm>
#include <cmath>

namespace pegbox {
namespace {

/// One that a factor means something for.
bool is_scalable(const Parameter& parameter) {
  const bool numbers = std::ranges::all_of(parameter.choices, is_number);
  return parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer ||
         (parameter.kind == ParameterKind::Ordered && numbers);
}

Result<std::map<std::string, double>> read_shift(const Node& node, const Space& space) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : space.parameters())
    if (is_scalable(parameter)) names.push_back(parameter.name);
  PEGBOX_CHECK(node.only(names));
  std::map<std::string, double> shift;
  for (const auto& [name, member] : node.members()) {
    PEGBOX_TRY(const double factor, member.real());
    if (!(factor > 0) || !std::isfinite(factor)) return member.fail("not a factor", "a number above 0");
    shift[name] = factor;
  }
  return shift;
}

Result<std::optional<RunFacts>> read_facts(const Node& node) {
  const auto names = names_of(run_fact_fields().rows());
  if (std::ranges::none_of(names, [&](std::string_view name) { return node.has(name); })) return std::nullopt;
  PEGBOX_TRY(RunFacts facts, run_fact_fields().read_known(node));
  return facts;
}

Result<EarlierStudy> read_earlier(const Node& node, const Space& space) {
  EarlierStudy earlier;
  if (node.is_object()) {
    std::vector<std::string_view> keys{"study", "store", "shift"};
    for (const FieldRow& row : run_fact_fields().rows()) keys.push_back(row.name);
    PEGBOX_CHECK(node.only(keys));
    PEGBOX_TRY(const Node study, node.at("study"));
    PEGBOX_TRY(earlier.study, study.string());
    if (node.has("store")) {
      PEGBOX_TRY(const Node store, node.at("store"));
      PEGBOX_TRY(earlier.store, store.string());
      if (earlier.store.empty()) return store.fail("no store is named", "sqlite:FILE");
    }
    if (node.has("shift")) {
      PEGBOX_TRY(const Node shift, node.at("shift"));
      PEGBOX_TRY(earlier.shift, read_shift(shift, space));
    }
    PEGBOX_TRY(earlier.facts, read_facts(node));
  } else if (node.is_string()) {
    PEGBOX_TRY(earlier.study, node.string());
  } else {
    return node.fail("not a study to start from", "its name, or {study: NAME, store: sqlite:FILE}");
  }
  if (earlier.study.empty()) return node.fail("an empty name", "the name of an earlier study");
  return earlier;
}

}  // namespace

Result<std::vector<EarlierStudy>> read_transfer(const Node& node, const Space& space) {
  std::vector<EarlierStudy> all;
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  for (const Node& item : items) {
    PEGBOX_TRY(EarlierStudy earlier, read_earlier(item, space));
    all.push_back(std::move(earlier));
  }
  return all;
}

Json transfer_schema() {
  const Json text = {{"type", "string"}};
  Json shift = {{"type", "object"},
                {"additionalProperties", {{"type", "number"}, {"exclusiveMinimum", 0}}},
                {"description", "its values times this are worth as much here; else as laws in both priors say"}};
  Json one = schema_of(run_fact_fields().rows());
  one.erase("$schema");
  one["properties"]["study"] = text;
  one["properties"]["store"] = {{"type", "string"}, {"description", "sqlite:FILE; else that of the new study"}};
  one["properties"]["shift"] = std::move(shift);
  one["required"] = Json::array({"study"});
  const Json any = {{"oneOf", Json::array({text, one})}};
  const Json list = {{"type", "array"}, {"items", any}};
  return {{"oneOf", Json::array({text, one, list})},
          {"description", "earlier studies, whose observations this one starts from"}};
}

}  // namespace pegbox
