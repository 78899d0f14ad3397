// StudySpec: the JSON schema of the study file.
#include "search/published_law.h"
#include "search/study_spec.h"
#include "search/worker_resources.h"

namespace pegbox {
namespace {

Json described(Json schema, const char* text) {
  schema["description"] = text;
  return schema;
}

Json object_of(Json properties, Json required = Json::array()) {
  Json schema = Json::object();
  schema["type"] = "object";
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

Json type(const char* name) {
  Json schema = Json::object();
  schema["type"] = name;
  return schema;
}

Json reference(const char* name) {
  Json schema = Json::object();
  schema["$ref"] = std::string("#/$defs/") + name;
  return schema;
}

Json list_of(Json items, int least, int most = 0) {
  Json schema = type("array");
  schema["items"] = std::move(items);
  schema["minItems"] = least;
  if (most > 0) schema["maxItems"] = most;
  return schema;
}

Json one_of(std::initializer_list<Json> schemas) {
  Json schema = Json::object();
  schema["oneOf"] = Json(Json::array_t(schemas));
  return schema;
}

Json names(std::initializer_list<const char*> values) {
  Json schema = Json::object();
  schema["enum"] = Json::array();
  for (const char* value : values) schema["enum"].push_back(value);
  return schema;
}

Json with(std::initializer_list<std::pair<const char*, Json>> members) {
  Json json = Json::object();
  for (const auto& [name, member] : members) json[name] = member;
  return json;
}

Json strings(std::initializer_list<const char*> values) {
  Json json = Json::array();
  for (const char* value : values) json.push_back(value);
  return json;
}

Json value_schema() {
  Json schema = Json::object();
  schema["type"] = strings({"boolean", "number", "string"});
  return schema;
}

Json positive_number() {
  Json schema = type("number");
  schema["exclusiveMinimum"] = 0;
  return schema;
}

Json believed_schema() {
  return object_of(with({{"at", described(reference("value"), "most likely value")},
                         {"spread", described(positive_number(),
                                              "one standard deviation: a factor on a log scale, "
                                              "steps between ordered choices, else natural units")},
                         {"source", described(type("string"), "where the belief comes from")}}),
                   strings({"at", "spread"}));
}

/// A value with a spread, a law with the facts that it needs, or a law's name alone.
Json prior_schema() {
  Json law_names = Json::array(), facts = Json::object();
  for (const LawRow& row : law_table()) law_names.push_back(row.name);
  const Json law =
      described({{"enum", law_names}}, "published; `pegbox-trainer` says the facts where it is named alone");
  Json of_law = schema_of(run_fact_fields().rows());
  of_law["properties"]["law"] = law;
  of_law["required"] = strings({"law"});
  return one_of({law, of_law, believed_schema()});
}

Json weights_schema() { return object_of(with({{"weights", list_of(positive_number(), 1)}}), strings({"weights"})); }

Json conditions_schema() {
  Json schema = type("object");
  schema["additionalProperties"] = one_of({reference("value"), list_of(reference("value"), 1)});
  schema["minProperties"] = 1;
  return described(schema, "exists only where these hyperparameters have these values");
}

Json range_schema() {
  return object_of(with({{"range", list_of(type("number"), 2, 2)},
                         {"scale", names({"linear", "log"})},
                         {"step", positive_number()},
                         {"integer", type("boolean")},
                         {"prior", reference("prior")},
                         {"when", reference("when")}}),
                   strings({"range"}));
}

Json choice_schema() {
  return object_of(with({{"choice", list_of(reference("value"), 1)},
                         {"ordered", type("boolean")},
                         {"prior", one_of({reference("prior"), weights_schema()})},
                         {"when", reference("when")}}),
                   strings({"choice"}));
}

Json parameter_schema() {
  return one_of({reference("value"), range_schema(), choice_schema(),
                 object_of(with({{"value", reference("value")}, {"when", reference("when")}}), strings({"value"})),
                 object_of(with({{"simplex", list_of(type("string"), 2, 32)}, {"when", reference("when")}}),
                           strings({"simplex"}))});
}

Json objective_schema() {
  return one_of({object_of(with({{"minimize", type("string")}}), strings({"minimize"})),
                 object_of(with({{"maximize", type("string")}}), strings({"maximize"}))});
}

Json named_part() {
  Json named = type("object");
  named["properties"] = with({{"name", type("string")}});
  named["required"] = strings({"name"});
  return named;
}

Json space_schema() {
  Json schema = type("object");
  schema["additionalProperties"] = reference("parameter");
  schema["minProperties"] = 1;
  return described(one_of({names({"auto"}), schema}),
                   "the hyperparameters; auto: for the built-in trainer, by its method");
}

Json workers_schema() {
  Json schema = schema_of(worker_fields().rows());
  schema.erase("$schema");
  Json& properties = schema["properties"];
  properties["threads"] = one_of({names({"auto"}), properties["threads"]});
  properties["gpus"] = one_of({type("string"), type("integer"), list_of(type("integer"), 1)});
  properties.update(schema_of(worker_resource_fields().rows())["properties"]);
  return schema;
}

Json budget_schema() {
  Json schema = schema_of(budget_fields().rows());
  schema.erase("$schema");
  return described(one_of({names({"none"}), schema}), "totals of the study; none: until somebody stops it");
}

Json checks_schema() {
  return {{"type", "object"},
          {"properties", {{"data", Json::object()}}},
          {"additionalProperties", {{"enum", {"stop", "warn"}}}}};
}

Json study_properties() {
  Json name = type("string");
  name["pattern"] = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$";
  Json seed = type("integer");
  seed["minimum"] = 0;
  Json steps = type("integer");
  steps["minimum"] = 1;
  const Json config = with({{"type", "object"}, {"additionalProperties", reference("value")}});
  return with({
      {"name", name},
      {"trial", described(type("object"), "what runs a trial")},
      {"space", space_schema()},
      {"try_first", described(list_of(config, 0), "configurations to try first; missing values are drawn")},
      {"transfer", transfer_schema()},
      {"constraints", described(one_of({type("string"), list_of(type("string"), 0)}), "expressions that must hold")},
      {"gates", described(one_of({type("string"), list_of(type("string"), 0)}),
                          "conditions on metrics that a trial must meet to be the best, or on the front")},
      {"objective", one_of({objective_schema(), list_of(objective_schema(), 1)})},
      {"budget", budget_schema()},
      {"checks", described(checks_schema(), "data checks before the first trial; data: where the trainer names none")},
      {"search", described(one_of({type("string"), named_part()}), "how configurations are chosen; auto by default")},
      {"stop", described(one_of({type("string"), named_part(), list_of(one_of({type("string"), named_part()}), 1)}),
                         "which trials end early; auto by default; a list: the first rule that stops or pauses wins")},
      {"workers", workers_schema()},
      {"seed", seed},
      {"steps", described(steps, "length of a full trial; else as the worker describes")},
  });
}

}  // namespace

Json study_schema() {
  Json schema = Json::object();
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "pegbox study";
  schema.update(object_of(study_properties(), strings({"name", "space", "objective", "budget"})));
  schema["$defs"] = with({{"value", value_schema()},
                          {"prior", prior_schema()},
                          {"when", conditions_schema()},
                          {"parameter", parameter_schema()}});
  return schema;
}

}  // namespace pegbox
