// StudySpec: reading and checking a study file.
#include "search/study_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/rng.h"
#include "base/units.h"
#include "search/worker_resources.h"

namespace pegbox {
namespace {

constexpr std::array<std::string_view, 15> kKeys{"name",        "trial",     "space",  "try_first", "transfer",
                                                 "constraints", "objective", "budget", "checks",    "search",
                                                 "stop",        "workers",   "seed",   "steps",     "gates"};

bool is_study_name(std::string_view name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 100 && is_plain(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_plain(c) || c == '.' || c == '-'; });
}

Result<std::string> read_name(const Node& node) {
  PEGBOX_TRY(std::string name, node.string());
  if (!is_study_name(name))
    return node.fail("not a name for a study", "at most 100 letters, digits and _ . -, a letter, digit or _ first");
  return name;
}

Result<Json> read_object(const Node& root, std::string_view key) {
  if (!root.has(key)) return Json::object();
  PEGBOX_TRY(const Node node, root.at(key));
  if (!node.is_object()) return node.fail("not an object", "names and values");
  return node.json();
}

Result<std::vector<Config>> read_try_first(const Node& node, const Space& space) {
  if (!node.is_array()) return node.fail("not a list", "a list of configurations, such as [{learning_rate: 2e-4}]");
  std::vector<Config> configs;
  for (const Node& item : node.items()) {
    if (!item.is_object()) return item.fail("not a configuration", "hyperparameters and values");
    Config config;
    for (const auto& [name, member] : item.members()) {
      auto value = value_from_json(member.json());
      if (!value) return member.fail("not a value", "true, false, a number or a text");
      config.set(name, std::move(*value));
    }
    Rng rng({});  // what is missing will be drawn when the trial is made; here only what is given is checked
    PEGBOX_CHECK(space.complete(config, item.where(), rng));
    configs.push_back(std::move(config));
  }
  return configs;
}

Result<Expression> read_constraint(const Node& node) {
  PEGBOX_TRY(const std::string text, node.string());
  PEGBOX_TRY(Expression expression, Expression::parse(text, node.where()));
  if (!expression.is_condition())
    return node.fail("the constraint neither holds nor fails", "a comparison, such as peak_memory <= 20GiB");
  return expression;
}

/// A condition on what is measured: constraints say what may be tried.
Result<Expression> read_gate(const Node& node, const Space& space) {
  PEGBOX_TRY(Expression gate, read_constraint(node));
  const bool has_metric = std::any_of(gate.names().begin(), gate.names().end(), [&](const std::string& name) {
    const std::string parameter = name.substr(0, name.find('.'));  // of a simplex, whose weights are NAME.COMPONENT
    return space.find(name) == nullptr && space.find(parameter) == nullptr;
  });
  if (!has_metric)
    return node.fail("a gate without a metric", "a condition on what trials report, such as toxicity <= 0.05",
                     "what may be tried is said by constraints");
  return gate;
}

Result<std::vector<Expression>> read_gates(const Node& node, const Space& space) {
  std::vector<Expression> gates;
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  for (const Node& item : items) {
    PEGBOX_TRY(Expression gate, read_gate(item, space));
    gates.push_back(std::move(gate));
  }
  return gates;
}

Result<std::vector<Expression>> read_constraints(const Node& node) {
  std::vector<Expression> constraints;
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  for (const Node& item : items) {
    PEGBOX_TRY(Expression constraint, read_constraint(item));
    constraints.push_back(std::move(constraint));
  }
  return constraints;
}

Result<Objective> read_objective(const Node& node) {
  static constexpr std::array<std::string_view, 2> kDirections{"minimize", "maximize"};
  PEGBOX_CHECK(node.only(kDirections));
  const auto members = node.members();
  if (members.size() != 1) return node.fail("not an objective", "{minimize: metric} or {maximize: metric}");
  PEGBOX_TRY(std::string metric, members[0].second.string());
  if (metric.empty()) return members[0].second.fail("an empty name", "the name of a metric");
  return Objective{members[0].first == "minimize", std::move(metric)};
}

Result<std::vector<Objective>> read_objectives(const Node& node) {
  std::vector<Objective> objectives;
  if (node.is_array() && node.items().empty()) return node.fail("no objective", "{minimize: metric}");
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  for (const Node& item : items) {
    PEGBOX_TRY(Objective objective, read_objective(item));
    for (const Objective& other : objectives)
      if (other.metric == objective.metric) return item.fail("an objective twice", "each metric once");
    objectives.push_back(std::move(objective));
  }
  return objectives;
}

Result<Budget> read_budget(const Node& node) {
  if (node.json() == "none") return Budget{};
  PEGBOX_TRY(const Budget budget, budget_fields().read(node));
  if (budget.trials <= 0 && budget.time_s <= 0 && budget.tokens <= 0)
    return node.fail("a budget without a limit", "trials, tokens or time",
                     "for instance {trials: 60} or {time: 20m}; or none");
  return budget;
}

Result<PartSpec> read_part(const Node& node, const Document& document) {
  PartSpec part{.written = {.name = document.name, .lines = document.lines}, .pointer = node.pointer()};
  if (node.is_object()) {
    PEGBOX_TRY(const Node name, node.at("name"));
    PEGBOX_TRY(part.name, name.string());
    part.options = node.json();
    part.options.erase("name");
  } else {
    PEGBOX_TRY(part.name, node.string());
  }
  return part;
}

Result<std::vector<PartSpec>> read_parts(const Node& node, const Document& document) {
  if (node.is_array() && node.items().empty()) return node.fail("an empty list", "a name, or 'none'");
  std::vector<PartSpec> parts;
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  for (const Node& item : items) {
    PEGBOX_TRY(PartSpec part, read_part(item, document));
    parts.push_back(std::move(part));
  }
  return parts;
}

/// `gpus` may also be a number or a list of numbers, `threads` also `auto`: both are put into the form of the table.
Result<Workers> read_workers(const Node& node, const Document& document) {
  Json plain = node.json();
  if (plain.is_object() && plain.contains("threads") && plain["threads"] == "auto") plain["threads"] = 0;
  if (plain.is_object() && plain.contains("gpus")) {
    Json& gpus = plain["gpus"];
    if (gpus.is_number_integer()) gpus = to_line(gpus);
    if (gpus.is_array() && !gpus.empty()) {
      std::string list;
      for (const Json& gpu : gpus) list += (list.empty() ? "" : ",") + to_line(gpu);
      gpus = list;
    }
  }
  const Node workers(document, plain, node.pointer());
  auto names = names_of(worker_fields().rows());
  std::ranges::copy(names_of(worker_resource_fields().rows()), std::back_inserter(names));
  PEGBOX_CHECK(workers.only(names));
  PEGBOX_TRY(const WorkerResources checked, worker_resource_fields().read_known(workers));
  return worker_fields().read_known(workers);
}

Result<std::uint64_t> read_seed(const Node& node) {
  if (node.json().is_number_unsigned()) return node.json().get<std::uint64_t>();
  PEGBOX_TRY(const std::int64_t seed, node.integer());
  if (seed < 0) return node.fail("a seed is not negative", "0 or more");
  return static_cast<std::uint64_t>(seed);
}

Result<void> read_numbers(const Node& root, StudySpec& spec) {
  if (root.has("seed")) {
    PEGBOX_TRY(const Node seed, root.at("seed"));
    PEGBOX_TRY(spec.seed, read_seed(seed));
  }
  if (root.has("steps")) {
    PEGBOX_TRY(const Node steps, root.at("steps"));
    PEGBOX_TRY(spec.steps, steps.integer());
    if (spec.steps < 1) return steps.fail("not a length of a trial", "1 or more steps");
  }
  return {};
}

Result<void> read_what(const Node& root, StudySpec& spec) {
  PEGBOX_TRY(const Node name, root.at("name"));
  PEGBOX_TRY(spec.name, read_name(name));
  PEGBOX_TRY(spec.trial, read_object(root, "trial"));
  PEGBOX_TRY(const Node space, root.at("space"));
  PEGBOX_TRY(spec.space, Space::read(space));
  if (root.has("try_first")) {
    PEGBOX_TRY(const Node try_first, root.at("try_first"));
    PEGBOX_TRY(spec.try_first, read_try_first(try_first, spec.space));
  }
  if (root.has("transfer")) {
    PEGBOX_TRY(const Node transfer, root.at("transfer"));
    PEGBOX_TRY(spec.transfer, read_transfer(transfer, spec.space));
  }
  if (root.has("constraints")) {
    PEGBOX_TRY(const Node constraints, root.at("constraints"));
    PEGBOX_TRY(spec.constraints, read_constraints(constraints));
  }
  if (root.has("gates")) {
    PEGBOX_TRY(const Node gates, root.at("gates"));
    PEGBOX_TRY(spec.gates, read_gates(gates, spec.space));
  }
  PEGBOX_TRY(const Node objective, root.at("objective"));
  PEGBOX_TRY(spec.objectives, read_objectives(objective));
  return {};
}

Result<void> read_how(const Node& root, const Document& document, StudySpec& spec) {
  PEGBOX_TRY(const Node budget, root.at("budget"));
  PEGBOX_TRY(spec.budget, read_budget(budget));
  PEGBOX_TRY(spec.checks, read_object(root, "checks"));
  if (root.has("search")) {
    PEGBOX_TRY(const Node search, root.at("search"));
    PEGBOX_TRY(spec.search, read_part(search, document));
  }
  if (root.has("stop")) {
    PEGBOX_TRY(const Node stop, root.at("stop"));
    PEGBOX_TRY(spec.stop, read_parts(stop, document));
  }
  if (root.has("workers")) {
    PEGBOX_TRY(const Node workers, root.at("workers"));
    PEGBOX_TRY(spec.workers, read_workers(workers, document));
  }
  return read_numbers(root, spec);
}

}  // namespace

tl::unexpected<Error> PartSpec::fail_unknown(std::string_view what, std::span<const std::string_view> names) const {
  std::string expected;
  for (const auto each : names) expected += (expected.empty() ? "" : ", ") + std::string(each);
  const std::string nearest = nearest_name(name, names);
  return fail(ErrorKind::InvalidInput, {.where = node().where(),
                                        .what = std::string(what),
                                        .got = "'" + name + "'",
                                        .expected = "one of " + expected,
                                        .hint = nearest.empty() ? "" : "did you mean '" + nearest + "'?"});
}

double Budget::used_fraction(double used_trials, double used_s, double used_tokens) const {
  double fraction = 0;
  const auto count = [&](double used, double all) {
    if (all > 0) fraction = std::max(fraction, used / all);
  };
  count(used_trials, static_cast<double>(trials));
  count(used_s, time_s);
  count(used_tokens, tokens);
  return std::min(fraction, 1.0);
}

const FieldTable<Budget>& budget_fields() {
  static const FieldTable<Budget> table(std::vector<Field<Budget>>{
      {.name = "trials",
       .member = &Budget::trials,
       .minimum = 0,
       .help = "trials done, stopped or failed; 0: no limit"},
      {.name = "time",
       .member = &Budget::time_s,
       .minimum = 0,
       .unit = Unit::Seconds,
       .help = "running time of the study; 0: no limit"},
      {.name = "tokens", .member = &Budget::tokens, .minimum = 0, .help = "training tokens of all trials; 0: no limit"},
  });
  return table;
}

const FieldTable<Workers>& worker_fields() {
  static const FieldTable<Workers> table(std::vector<Field<Workers>>{
      {.name = "count", .member = &Workers::count, .minimum = 1, .maximum = 10000, .help = "worker processes"},
      {.name = "gpus", .member = &Workers::gpus, .help = "auto, none, how many, or a list such as [0, 2]"},
      {.name = "threads",
       .member = &Workers::threads,
       .minimum = 0,
       .maximum = 10000,
       .help = "threads of each worker; auto or 0: the machine's cores divided among the workers"},
      {.name = "timeout",
       .member = &Workers::timeout_s,
       .minimum = 0,
       .unit = Unit::Seconds,
       .help = "of one trial's running time; 0: none"},
      {.name = "retries",
       .member = &Workers::retries,
       .minimum = 0,
       .maximum = 1000,
       .help = "how often a trial may lose its worker"},
      {.name = "lease",
       .member = &Workers::lease_s,
       .minimum = 0,
       .unit = Unit::Seconds,
       .help = "a worker that is silent for so long is dead; 0: never"},
      {.name = "grace",
       .member = &Workers::grace_s,
       .minimum = 0,
       .unit = Unit::Seconds,
       .help = "between SIGTERM and SIGKILL"},
  });
  return table;
}

Result<StudySpec> StudySpec::read(const Document& document) {
  const Node root = document.root();
  PEGBOX_CHECK(root.only(kKeys));
  StudySpec spec;
  PEGBOX_CHECK(read_what(root, spec));
  PEGBOX_CHECK(read_how(root, document, spec));
  spec.source = document.json;
  return spec;
}

std::string_view rule_name(const StudySpec& spec, const PartSpec& rule) {
  if (rule.name != "auto") return rule.name;
  if (spec.search.name == "pbt") return "pbt";
  return spec.search.name == "bohb" || spec.search.name == "dehb" ? "hyperband" : "asha";
}

}  // namespace pegbox
