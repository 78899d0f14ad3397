// Source mapping: an earlier study's observations in the terms of a new one.
#include "search/samplers/source_mapping.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/samplers/observations.h"
#include "search/samplers/source_points.h"

namespace pegbox {
namespace {

/// What the law in a study's prior says, not cut to the range; with `facts` instead of the prior's own, if there are
/// any.
std::optional<std::pair<std::string, double>> law_of(const Json& study, const std::string& parameter,
                                                     const std::optional<RunFacts>& facts) {
  const auto space = study.find("space");
  if (space == study.end() || !space->is_object() || !space->contains(parameter)) return std::nullopt;
  const Json& written = (*space)[parameter];
  if (!written.is_object() || !written.contains("prior")) return std::nullopt;
  Document document{.json = written["prior"], .name = "prior", .lines = {}};
  if (!document.json.is_object() || !document.json.contains("law")) return std::nullopt;
  const Json name = document.json["law"];
  if (facts) {
    document.json = run_fact_fields().write(*facts);
    document.json["law"] = name;
  }
  const auto law = AppliedLaw::read(document.root());
  if (!law) return std::nullopt;
  return std::pair(name.get<std::string>(), law->value().at);
}

/// What the earlier study's values are to be multiplied with.
double factor_of(const StudySpec& spec, const EarlierStudy& which, const StudySpec& earlier, const std::string& name) {
  if (const auto given = which.shift.find(name); given != which.shift.end()) return given->second;
  const auto here = law_of(spec.source, name, {});
  const auto there = law_of(which.facts ? spec.source : earlier.source, name, which.facts);
  return here && there && here->first == there->first ? here->second / there->second : 1;
}

class Mapper {
 public:
  Mapper(const StudySpec& spec, const EarlierStudy& which, const StudyState& earlier, const std::string& where)
      : spec_(spec), which_(which), earlier_(earlier), where_(where), objectives_(earlier.spec()) {}

  Result<event::SourceAdded> map() {
    PEGBOX_CHECK(observe_earlier());
    for (const Parameter& parameter : spec_.space.parameters()) match(parameter);
    if (matched_.empty()) return fail_strangers();
    keep();
    if (source_.trials.empty())
      return fail(ErrorKind::InvalidInput,
                  {.where = where_,
                   .what = "no trial of " + which_.study + " has a finite result and values that are possible here",
                   .got = std::to_string(earlier_.history().trials.size()) + " trials"});
    write_mapping();
    return std::move(source_);
  }

 private:
  Result<void> observe_earlier() {
    const History history = earlier_.history();
    const auto measures = [&](const Objective& objective) {
      return std::ranges::any_of(history.trials,
                                 [&](const Trial& trial) { return trial.metric(objective.metric).has_value(); });
    };
    objectives_.objectives = spec_.objectives;
    std::erase_if(objectives_.objectives, [&](const Objective& objective) { return !measures(objective); });
    if (objectives_.objectives.empty()) return fail_unmeasured(history);
    const History seen{objectives_,           history.constraints, history.trials,       history.event_count,
                       history.now_s,         history.steps,       history.tokens_spent, history.numbers_by_state,
                       history.planned_trials};
    observations_ = observe(seen, seen.trials);
    return {};
  }

  tl::unexpected<Error> fail_unmeasured(const History& history) const {
    std::string got = "no trial with a result", expected;
    for (const Trial& trial : history.trials)
      if (!trial.metrics.empty()) got = metric_names(trial.metrics);
    for (const Objective& objective : spec_.objectives) expected += (expected.empty() ? "" : " or ") + objective.metric;
    return fail(ErrorKind::InvalidInput, {.where = where_,
                                          .what = which_.study + " does not measure what is to be improved here",
                                          .got = got,
                                          .expected = expected});
  }

  tl::unexpected<Error> fail_strangers() const {
    const auto names = [](const Space& space) {
      std::string text;
      for (const Parameter& parameter : space.parameters()) text += (text.empty() ? "" : ", ") + parameter.name;
      return text;
    };
    return fail(ErrorKind::InvalidInput,
                {.where = where_,
                 .what = which_.study + " has no hyperparameter in common with this study, with a value possible here",
                 .got = names(earlier_.spec().space),
                 .expected = names(spec_.space)});
  }

  const Config& config_of(const Measured& measured) const {
    return earlier_.history().trials[static_cast<std::size_t>(measured.trial)].config;
  }

  void match(const Parameter& parameter) {
    const double factor = factor_of(spec_, which_, earlier_.spec(), parameter.name);
    const auto fits = [&](const Measured& measured) {
      return shifted_values(parameter, config_of(measured), factor).has_value();
    };
    if (std::ranges::none_of(observations_.measured, fits)) return lacks_.push_back(parameter.name);
    if (factor != 1) shift_[parameter.name] = factor;
    (parameter.kind == ParameterKind::Fixed ? filters_ : matched_).push_back(&parameter);
  }

  /// What the trial is here; nothing if one of its values is none here.
  std::optional<Config> translate(const Config& config) const {
    Config translated;
    for (const auto* parameters : {&matched_, &filters_})
      for (const Parameter* parameter : *parameters) {
        const bool has = config.find(parameter->config_names().front()) != nullptr;
        if (!has) continue;
        const auto factor = shift_.find(parameter->name);
        const auto values = shifted_values(*parameter, config, factor == shift_.end() ? 1 : factor->second);
        if (!values) return std::nullopt;
        if (parameters == &matched_)
          for (const auto& [name, value] : *values) translated.set(name, value);
      }
    return translated;
  }

  void keep() {
    std::vector<double> first_losses;
    bool finite = false;
    for (const Measured& measured : observations_.measured) {
      auto config = translate(config_of(measured));
      if (!config || config->empty() || !measured.allowed) continue;
      Metrics metrics;
      for (std::size_t k = 0; k < measured.losses.size(); ++k) {
        const Objective& objective = objectives_.objectives[k];
        metrics[objective.metric] = objective.sign() * measured.losses[k];
        finite = finite || std::isfinite(measured.losses[k]);
      }
      first_losses.push_back(measured.losses.front());
      source_.trials.push_back({measured.trial, std::move(*config), std::move(metrics)});
    }
    if (!finite) source_.trials.clear();
    thin(first_losses);
  }

  void thin(const std::vector<double>& losses) {
    if (losses.size() <= kMaxSourceTrials) return;
    std::vector<std::size_t> order(losses.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return losses[i]; });
    std::sort(order.begin() + kMaxSourceTrials / 2, order.end(), std::greater{});
    order.resize(kMaxSourceTrials);
    std::ranges::sort(order);
    std::vector<event::SourceTrial> kept;
    for (const std::size_t i : order) kept.push_back(std::move(source_.trials[i]));
    source_.trials = std::move(kept);
  }

  void write_mapping() {
    source_.study = which_.study;
    Json matched = Json::array(), unused = Json::array();
    for (const Parameter* parameter : matched_) matched.push_back(parameter->name);
    for (const Parameter& parameter : earlier_.spec().space.parameters())
      if (spec_.space.find(parameter.name) == nullptr) unused.push_back(parameter.name);
    Json shift = Json::object();
    for (const auto& [name, factor] : shift_) shift[name] = factor;
    const std::size_t with_result = observations_.measured.size();
    source_.mapping = {{"matched", std::move(matched)},
                       {"lacks", lacks_},
                       {"unused", std::move(unused)},
                       {"shift", std::move(shift)},
                       {"left_out", with_result - source_.trials.size()}};
  }

  const StudySpec& spec_;
  const EarlierStudy& which_;
  const StudyState& earlier_;
  const std::string& where_;
  StudySpec objectives_;  ///< the earlier study's, with this study's objectives, as far as it measures them
  Observations observations_;
  std::vector<const Parameter*> matched_, filters_;  ///< filters: fixed here
  std::vector<std::string> lacks_;
  std::map<std::string, double> shift_;
  event::SourceAdded source_;
};

}  // namespace

Result<event::SourceAdded> map_source(const StudySpec& spec, const EarlierStudy& which, const StudyState& earlier,
                                      const std::string& where) {
  return Mapper(spec, which, earlier, where).map();
}

Result<std::vector<event::SourceAdded>> map_sources(const StudySpec& spec, const ReadEarlier& read) {
  std::vector<event::SourceAdded> sources;
  for (const EarlierStudy& which : spec.transfer) {
    PEGBOX_TRY(const StudyState earlier, read(which));
    PEGBOX_TRY(auto source, map_source(spec, which, earlier, spec.name + " transfer"));
    sources.push_back(std::move(source));
  }
  return sources;
}

Result<void> append_change(Study& study, const StudySpec& spec, const ReadEarlier& read) {
  const auto transfer_of = [](const StudySpec& each) { return each.source.value("transfer", Json()); };
  std::vector<event::SourceAdded> sources;
  if (transfer_of(study.state().spec()) != transfer_of(spec)) {
    PEGBOX_TRY(sources, map_sources(spec, read));
  }
  const double now_s = study.state().now_s();
  PEGBOX_CHECK(study.append(now_s, "user", event::StudyChanged{spec.source}));
  for (event::SourceAdded& source : sources) PEGBOX_CHECK(study.append(now_s, "user", std::move(source)));
  return {};
}

std::string in_words(const event::SourceAdded& source) {
  const auto names = [&](const char* key) {
    std::vector<std::string> list;
    for (const Json& name : source.mapping.value(key, Json::array())) list.push_back(name.get<std::string>());
    return list;
  };
  std::string text =
      fmt::format("{} {} of {} by {}", source.trials.size(), source.trials.size() == 1 ? "trial" : "trials",
                  source.study, fmt::join(names("matched"), ", "));
  if (const auto lacks = names("lacks"); !lacks.empty())
    text += fmt::format("; it says nothing of {}", fmt::join(lacks, ", "));
  if (const auto unused = names("unused"); !unused.empty())
    text += fmt::format("; not here: {}", fmt::join(unused, ", "));
  const Json shift = source.mapping.value("shift", Json::object());
  for (const auto& [name, factor] : shift.items()) text += fmt::format("; {} times {:.3g}", name, factor.get<double>());
  if (const auto left_out = source.mapping.value("left_out", 0); left_out > 0)
    text += fmt::format("; {} left out", left_out);
  return text;
}

}  // namespace pegbox
