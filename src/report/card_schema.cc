// Card: its JSON schema.
#include "report/card.h"

namespace pegbox {
namespace {

Json type(const char* name) { return {{"type", name}}; }
Json or_null(const char* name) { return {{"type", {name, "null"}}}; }
Json array_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

/// An object that must have all of these members.
Json object(Json members) {
  Json required = Json::array();
  for (const auto& [name, schema] : members.items()) required.push_back(name);
  return {{"type", "object"}, {"properties", std::move(members)}, {"required", std::move(required)}};
}

Json nullable(Json schema) { return {{"anyOf", {std::move(schema), type("null")}}}; }

/// A number, or one of the strings for those that JSON lacks.
Json number() { return {{"anyOf", {type("number"), {{"enum", {"nan", "inf", "-inf"}}}}}}; }

Json numbers_by_name() { return {{"type", "object"}, {"additionalProperties", number()}}; }

Json best() { return object({{"trial", type("integer")}, {"config", type("object")}, {"metrics", numbers_by_name()}}); }

Json states() { return {"waiting", "running", "paused", "done", "stopped", "failed", "infeasible"}; }

Json trial() {
  Json schema = object({{"number", {{"type", "integer"}, {"minimum", 0}}},
                        {"state", {{"enum", states()}}},
                        {"config", type("object")},
                        {"metrics", numbers_by_name()},
                        {"reason", Json::object()},
                        {"seed", type("integer")},
                        {"step", type("integer")},
                        {"created_s", type("number")},
                        {"ended_s", or_null("number")}});
  schema["properties"]["failure"] = type("string");
  schema["properties"]["detail"] = type("string");
  schema["properties"]["clone_of"] = object({{"trial", type("integer")}, {"step", type("integer")}});
  return schema;
}

Json importance() {
  const Json share = object(
      {{"parameter", type("string")}, {"share", type("number")}, {"low", type("number")}, {"high", type("number")}});
  return object({{"metric", type("string")},
                 {"method", {{"enum", {"fanova", "ped-anova"}}}},
                 {"trials", type("integer")},
                 {"parameters", array_of(share)},
                 {"words", array_of(type("string"))}});
}

Json counts() {
  Json members = Json::object();
  for (const Json& state : states()) members[state.get<std::string>()] = type("integer");
  return object(std::move(members));
}

}  // namespace

Json card_schema() {
  const Json energy = object({{"joules", type("number")}, {"is_measured", type("boolean")}, {"how", type("string")}});
  const Json prior = object({{"at", Json::object()}, {"spread", type("number")}, {"source", type("string")}});
  Json schema = object(
      {{"card", {{"const", kCardVersion}}},
       {"study", type("string")},
       {"standing", type("string")},
       {"objectives",
        array_of(object({{"direction", {{"enum", {"minimize", "maximize"}}}}, {"metric", type("string")}}))},
       {"gates", array_of(type("string"))},
       {"refused", array_of(object({{"trial", type("integer")}, {"reasons", array_of(type("string"))}}))},
       {"search", object({{"strategy", type("string")},
                          {"stopping", type("string")},
                          {"seed", type("integer")},
                          {"tried_first", array_of(type("object"))}})},
       {"space", array_of(object({{"name", type("string")}, {"values", type("string")}, {"prior", nullable(prior)}}))},
       {"transfer",
        array_of(object({{"study", type("string")}, {"trials", type("integer")}, {"mapping", Json::object()}}))},
       {"budget",
        object({{"trials", or_null("number")}, {"time_s", or_null("number")}, {"tokens", or_null("number")}})},
       {"best", {{"anyOf", {best(), object({{"front", array_of(best())}}), type("null")}}}},
       {"why_no_best", or_null("string")},
       {"importance", array_of(importance())},
       {"counts", counts()},
       {"failures", array_of(object({{"kind", type("string")},
                                     {"count", {{"type", "integer"}, {"minimum", 1}}},
                                     {"trials", array_of(type("integer"))}}))},
       {"compute", object({{"time_s", type("number")}, {"tokens", type("number")}, {"energy", nullable(energy)}})},
       {"data", or_null("object")},
       {"described", or_null("object")},
       {"hardware", or_null("object")},
       {"versions", object({{"study", type("string")}, {"card", type("string")}})},
       {"repeat", object({{"command", type("string")}, {"study_file", type("object")}})},
       {"trials", array_of(trial())}});
  schema["additionalProperties"] = false;
  Json whole = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "pegbox card"}};
  whole.update(schema);
  return whole;
}

}  // namespace pegbox
