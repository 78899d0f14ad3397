// Auto space: completing `space: auto` and priors named by a law.
#include "app/auto_space.h"

#include <algorithm>

#include "app/default_space.h"
#include "app/trainer_program.h"
#include "app/trial_section.h"
#include "search/published_law.h"
#include "search/space.h"
#include "search/unit_scale.h"

namespace pegbox {
namespace {

bool is_auto(const Json& study) { return study.contains("space") && study["space"] == "auto"; }

bool has_named_prior(const Json& parameter) {
  return parameter.is_object() && parameter.contains("prior") && parameter["prior"].is_string();
}

std::string method_of(const Json& trainer) {
  const auto method = trainer.find("method");
  return method != trainer.end() && method->is_string() ? method->get<std::string>() : "lora";
}

Result<void> complete_priors(Document& study, const Json& facts) {
  for (auto& [name, parameter] : study.json["space"].items()) {
    if (!has_named_prior(parameter)) continue;
    Json law = {{"law", parameter["prior"]}};
    law.update(facts);
    parameter["prior"] = std::move(law);
    PEGBOX_CHECK(AppliedLaw::read(Node(study, parameter["prior"], "/space/" + name + "/prior")));
  }
  return {};
}

/// The configuration to try first: the published defaults, and what the laws say where there is one.
Result<Json> first_config(const Document& study, Json published) {
  PEGBOX_TRY(const Node node, study.root().at("space"));
  PEGBOX_TRY(const Space space, Space::read(node));
  for (const Parameter& parameter : space.parameters())
    if (parameter.prior && parameter.kind == ParameterKind::Real)
      published[parameter.name] = round_to_digits(as_number(parameter.prior->at), 2);
  return published;
}

/// The optimizer that all trials have; empty: the default one, or the search chooses.
std::string optimizer_of(const Json& trainer) {
  const auto optimizer = trainer.find("optimizer");
  return optimizer != trainer.end() && optimizer->is_string() ? optimizer->get<std::string>() : "";
}

/// Parameters of the default space that an optimizer does not read, which a trial would be refused for.
bool is_read_by(const std::string& optimizer, const std::string& parameter) {
  return parameter != "beta2" || (optimizer != "sgd" && optimizer != "adafactor");
}

/// The default space of the method, without what the trainer's section sets.
Result<void> write_space(Document& study, const Json& trainer, const Json& facts) {
  PEGBOX_TRY(const auto parameters, default_space(method_of(trainer)));
  Json space = space_json(parameters), first = first_config_json(parameters);
  for (const auto& [name, value] : trainer.items()) space.erase(name), first.erase(name);
  for (const DefaultParameter& parameter : parameters)
    if (const std::string name(parameter.name); !is_read_by(optimizer_of(trainer), name))
      space.erase(name), first.erase(name);
  study.json["space"] = std::move(space);
  PEGBOX_CHECK(complete_priors(study, facts));
  if (study.json.contains("try_first")) return {};
  PEGBOX_TRY(first, first_config(study, std::move(first)));
  study.json["try_first"] = Json::array({std::move(first)});
  return {};
}

}  // namespace

bool needs_facts(const Json& study) {
  if (!study.is_object() || !study.contains("space")) return false;
  const Json& space = study["space"];
  return is_auto(study) || (space.is_object() && std::ranges::any_of(space, has_named_prior));
}

Json run_facts(const Json& described) {
  constexpr std::pair<const char*, const char*> kNames[] = {{"parameters_without_tables", "parameters"},
                                                            {"width", "width"},
                                                            {"steps", "tokens"},
                                                            {"sequence_length", "sequence_length"}};
  Json facts = Json::object();
  for (const auto& [said, name] : kNames)
    if (described.contains(said)) facts[name] = described[said];
  if (described.contains("rate_parameters")) facts["parameters"] = described["rate_parameters"];
  return facts;
}

Result<void> complete_space(Document& study, const Path& folder, std::optional<Json>& described) {
  PEGBOX_TRY(const Node trial, study.root().at("trial"));
  PEGBOX_TRY(const Node space, study.root().at("space"));
  if (!trial.has("trainer"))
    return space.fail("only the built-in trainer says what model and data are", "a space, written out",
                      "a prior may say itself what its law needs: {law: lora_rate, width: 2048}");
  PEGBOX_TRY(const Node section, trial.at("trainer"));
  PEGBOX_TRY(const Json trainer, resolve_trainer_paths(section, folder));
  if (!described) {
    PEGBOX_TRY(const auto program, TrainerProgram::find());
    PEGBOX_TRY(described, program.ask("describe", trainer));
  }
  Json facts = run_facts(*described);
  if (const std::string optimizer = optimizer_of(trainer); !optimizer.empty()) facts["optimizer"] = optimizer;
  return is_auto(study.json) ? write_space(study, trainer, facts) : complete_priors(study, facts);
}

}  // namespace pegbox
