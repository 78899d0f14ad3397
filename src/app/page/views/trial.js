// One trial: what it tried, compared to the default and the best; its curves; why it was tried; what it printed.
import {trialActions} from "../actions.js";
import {fill, fillOnce, h, select, table} from "../dom.js";
import {duration, number, sameValue, value} from "../format.js";
import {colour, plain, PlotCard} from "../plot.js";
import {address, go, keep} from "../router.js";
import {chip} from "../states.js";
import {Tab} from "./tab.js";

/** A value of any shape, in a line: "mean 2.079, spread 0.0076". */
function words(given) {
  if (Array.isArray(given)) return given.map(words).join(", ");
  if (given === null || typeof given !== "object") return value(given);
  return Object.entries(given).map(([name, each]) => `${name} ${words(each)}`).join(", ");
}

export class TrialTab extends Tab {
  constructor(view, trial) {
    super(view);
    this.number = Number(trial);
    this.head = h("div", {});
    this.config = h("section", {class: "card"});
    this.why = h("section", {class: "card"});
    this.metrics = h("section", {class: "card"});
    this.card = new PlotCard("Learning curve");
    this.cards = [this.card];
    this.log = h("section", {class: "card"});
    this.element = h("div", {class: "stack"}, this.head,
        h("div", {class: "split"}, h("div", {class: "stack"}, this.card.element, this.config), h("div", {class: "stack"}, this.why, this.metrics)), this.log);
  }

  async update() {
    const trial = await this.study.get(`trials/${this.number}/account`, {points: 500});
    const other = trial.best && trial.best.trial !== this.number ? await this.study.get(`trials/${trial.best.trial}/account`, {points: 200}) : null;
    if (this.closed) return;
    this.trial = trial;
    this.showHead(trial);
    this.showConfig(trial);
    this.showWhy(trial);
    this.showMetrics(trial);
    await this.showCurve(trial, other);
    await this.showLog();
  }

  to(number) { return address(["studies", this.study.name, "trials", String(number)]); }

  showHead(trial) {
    const step = this.view.overview.steps_are_tokens ? "training tokens" : "steps";
    fillOnce(this.head, [trial.state, trial.step, trial.detail, trial.trials, this.view.overview.state, this.view.page.role], () => [
      h("div", {class: "head"}, h("h2", {}, `Trial ${trial.number}`), chip(trial.state, trial.failure),
          h("span", {class: "dim"}, `${trial.step.toLocaleString("en")} ${step}`),
          h("div", {class: "actions"}, trialActions(this.study, this.view.overview, trial, this.view.page.role),
              trial.number > 0 ? h("a", {class: "button", href: this.to(trial.number - 1), rel: "prev"}, "← Before") : null,
              trial.number + 1 < trial.trials ? h("a", {class: "button", href: this.to(trial.number + 1), rel: "next"}, "Next →") : null)),
      trial.detail ? h("p", {class: "sub"}, trial.detail) : null,
    ]);
  }

  showConfig(trial) {
    const usual = trial.default, best = trial.best && trial.best.trial !== trial.number ? trial.best : null;
    const names = [...new Set([trial.config, usual?.config ?? {}, best?.config ?? {}].flatMap(Object.keys))];
    const other = (config, name) => {
      if (!(name in config)) return h("span", {class: name in trial.config ? "differs" : null}, "not active");
      const same = name in trial.config && sameValue(config[name], trial.config[name]);
      return h("span", {class: same ? "dim" : "differs"}, value(config[name]));
    };
    fillOnce(this.config, [trial.config, usual, best], () => [
      h("h2", {}, "Configuration"),
      table(["hyperparameter", "this trial",
             ...(usual ? [{text: "default", head: usual.trial === null ? "default" : ["default ", h("a", {href: this.to(usual.trial)}, `(trial ${usual.trial})`)]}] : []),
             ...(best ? [{text: "best", head: ["best ", h("a", {href: this.to(best.trial)}, `(trial ${best.trial})`)]}] : [])],
          names.map(name => [name, name in trial.config ? value(trial.config[name]) : h("span", {class: "dim"}, "not active"),
                             ...(usual ? [other(usual.config, name)] : []), ...(best ? [other(best.config, name)] : [])]),
          {label: "Configuration", rowHeads: true}),
      usual || best ? h("p", {class: "note"}, "≠ marks what differs from this trial.") : null,
    ]);
  }

  showWhy(trial) {
    const reason = trial.reason && typeof trial.reason === "object" ? trial.reason : {};
    const rest = Object.entries(reason).filter(([name]) => name !== "by");
    fillOnce(this.why, [trial.reason, trial.worker, trial.created_s, trial.started_s, trial.ended_s, trial.lost_workers, trial.seed], () => [
      h("h2", {}, "Why it was tried"),
      h("dl", {class: "facts"}, h("dt", {}, "chosen by"), h("dd", {}, reason.by ?? "not said"),
          rest.map(([name, given]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {class: "mono"}, words(given))]),
          trial.clone_of ? [h("dt", {}, "clone of"), h("dd", {}, h("a", {href: this.to(trial.clone_of.trial)}, `trial ${trial.clone_of.trial}`), ` at step ${trial.clone_of.step}`)] : null),
      h("h2", {}, "When and where"),
      h("dl", {class: "facts"}, h("dt", {}, "made at"), h("dd", {}, duration(trial.created_s)),
          trial.started_s > 0 ? [h("dt", {}, "last leg began"), h("dd", {}, duration(trial.started_s))] : null,
          trial.ended_s > 0 ? [h("dt", {}, "ended at"), h("dd", {}, duration(trial.ended_s))] : null,
          trial.worker ? [h("dt", {}, "worker"), h("dd", {}, trial.worker)] : null,
          trial.lost_workers ? [h("dt", {}, "lost workers"), h("dd", {}, trial.lost_workers)] : null,
          h("dt", {}, "seed"), h("dd", {class: "mono"}, String(trial.seed))),
    ]);
  }

  showMetrics(trial) {
    const best = trial.best && trial.best.trial !== trial.number ? trial.best : null;
    const first = this.view.objectives.map(each => each.metric), names = Object.keys(trial.metrics).sort((a, b) => first.includes(b) - first.includes(a));
    fillOnce(this.metrics, [trial.metrics, best?.metrics], () => [
      h("h2", {}, "Metrics"),
      names.length ? table(["metric", {text: "this trial", number: true}, ...(best ? [{text: "best", number: true}] : [])],
                           names.map(name => [name, number(trial.metrics[name]), ...(best ? [number(best.metrics[name])] : [])]), {label: "Metrics", rowHeads: true})
                   : h("p", {class: "dim"}, "It has not reported yet."),
    ]);
  }

  async showCurve(trial, other) {
    const metrics = Object.keys(trial.curves), metric = this.wanted("metric", metrics.includes(this.view.metrics[0]) ? this.view.metrics[0] : metrics[0]);
    this.controls(this.card, [metric, metrics], () => [
      metrics.length > 1 ? select("Metric", metrics.map(name => [name, name]), metric, chosen => this.change({metric: chosen})) : null, this.asChoice()]);
    const curve = trial.curves[metric], rival = other?.curves[metric];
    const line = (each, name, style) => ({type: "scatter", mode: each.steps.length > 60 ? "lines" : "lines+markers", name, x: each.steps, y: each.values, line: style, marker: {size: 5},
                                          hovertemplate: `${name}<br>step %{x}: ${plain(metric)} %{y:.5g}<extra></extra>`});
    await this.card.show({
      asTable: this.view.asTable, empty: curve ? null : "It has not reported yet.",
      note: curve && curve.reports > curve.steps.length ? `An outline of ${curve.reports.toLocaleString("en")} reports.` : "",
      says: curve ? `${metric} of trial ${trial.number} from ${number(curve.values[0])} to ${number(curve.values.at(-1))}.` : "",
      traces: () => [...(rival ? [line(rival, `best: trial ${other.number}`, {color: colour("waiting"), width: 1.6, dash: "dot"})] : []),
                     line(curve, `trial ${trial.number}`, {color: colour(trial.state), width: 2.2})],
      layout: () => ({xaxis: {title: {text: this.view.overview.steps_are_tokens ? "training tokens" : "steps"}, rangemode: "tozero"},
                      yaxis: {title: {text: plain(metric)}}, showlegend: Boolean(rival), uirevision: metric}),
      rows: () => ({heads: [{text: "step", number: true}, {text: metric, number: true}], rows: curve.steps.map((step, i) => [step.toLocaleString("en"), number(curve.values[i])])}),
    });
  }

  async showLog() {
    const isOpen = this.wanted("log", "") === "open";
    const log = isOpen ? await this.study.get(`trials/${this.number}/log`) : null;
    if (this.closed) return;
    const turn = h("button", {type: "button", "aria-expanded": String(isOpen), onclick: () => { keep({log: isOpen ? null : "open"}); this.update(); }}, isOpen ? "Hide" : "Show");
    fillOnce(this.log, [isOpen, log], () => [
      h("div", {class: "bar"}, h("h2", {}, "Log"), h("div", {class: "controls"}, turn)),
      log ? [log.of === "workers" ? h("p", {class: "note"}, "The trial has no output of its own; this is its workers'.") : null,
             log.cut ? h("p", {class: "note"}, "The end; pegbox logs prints all of it.") : null,
             h("pre", {class: "log", tabindex: "0", role: "region", "aria-label": "Log"}, log.text || "Nothing was printed here.")] : null,
    ]);
  }

  onKey(key) {
    if (!this.trial) return null;
    const to = key === "j" ? this.number + 1 : key === "k" ? this.number - 1 : -1;
    return to >= 0 && to < this.trial.trials ? () => go(["studies", this.study.name, "trials", String(to)]) : null;
  }
}
