// Progress: the best so far against trials, time and tokens; the best configuration; what has just happened.
import {choice, fillOnce, h} from "../dom.js";
import {duration, number, plural, value} from "../format.js";
import {newsOf, when} from "../news.js";
import {calmRange, colour, plain, PlotCard, trialLink} from "../plot.js";
import {address} from "../router.js";
import {symbol} from "../states.js";
import {Tab} from "./tab.js";

const kNewsShown = 40;

export class ProgressTab extends Tab {
  constructor(view) {
    super(view);
    this.card = new PlotCard("Best so far");
    this.cards = [this.card];
    this.best = h("section", {class: "card"});
    this.latest = h("section", {class: "card"});
    this.element = h("div", {class: "split"}, h("div", {class: "stack"}, this.card.element), h("div", {class: "stack"}, this.best, this.latest));
  }

  async update() {
    this.showBest();
    this.showNews();
    const progress = await this.study.get("progress", {points: 1500});
    if (this.closed) return;
    const work = progress.tokens ? "tokens" : "steps";
    const against = this.wanted("against", "trials");
    this.controls(this.card, [against, work], () => [
      choice("Against", "against", [["trials", "Trials"], ["time", "Time"], [work, work === "tokens" ? "Tokens" : "Steps"]],
             against, chosen => this.change({against: chosen === "trials" ? null : chosen})),
      this.asChoice()]);
    await this.card.show(this.content(progress, against, work));
  }

  content(progress, against, work) {
    const column = {trials: "count", time: "time_s"}[against] ?? "work";
    const unit = {trials: "trials that have ended", time: "study time"}[against] ?? `${work} of ended trials`;
    const {best, metric} = progress, states = [...new Set(progress.state)];
    const path = stairs(best[column], best.value, progress[column].at(-1));
    return {
      study: this.study.name, asTable: this.view.asTable,
      empty: progress.value.length === 0 ? "No trial has ended with a result yet." : null,
      note: progress.results > progress.value.length ? `${progress.value.length.toLocaleString("en")} of ${plural(progress.results, "result")} are drawn; every improvement is among them.` : "",
      says: best.value.length ? `The best ${metric} is ${number(best.value.at(-1))}, of trial ${best.trial.at(-1)}, after ${best.value.length} improvements.` : "",
      traces: () => [
        ...states.map(state => {
          const rows = progress.state.flatMap((each, i) => (each === state ? [i] : []));
          return {type: "scatter", mode: "markers", name: state, x: rows.map(i => progress[column][i]), y: rows.map(i => progress.value[i]),
                  customdata: rows.map(i => progress.trial[i]), hovertemplate: `trial %{customdata}, ${state}<br>${plain(metric)} %{y:.5g}<extra></extra>`,
                  marker: {color: colour(state), symbol: symbol(state), size: 7, opacity: 0.5}};
        }),
        {type: "scatter", mode: "lines", name: "best so far", x: path.x, y: path.y, hoverinfo: "skip", line: {color: colour("best"), width: 2.2}},
        {type: "scatter", mode: "markers", name: "improvements", x: best[column], y: best.value, customdata: best.trial,
         marker: {color: colour("best"), size: 6}, hovertemplate: `trial %{customdata}: best so far<br>${plain(metric)} %{y:.5g}<extra></extra>`},
      ],
      layout: () => ({xaxis: {title: {text: unit}, rangemode: "tozero", ...(against === "time" ? timeTicks(progress[column].at(-1)) : {})},
                      yaxis: {title: {text: plain(metric)}, range: calmRange(progress.value, progress.minimize) ?? undefined},
                      showlegend: true, uirevision: against}),
      rows: () => ({
        heads: ["trial", {text: "ended trials", number: true}, {text: "study time", number: true}, {text: work, number: true}, {text: metric, number: true}],
        rows: best.trial.map((trial, i) => [trialLink(this.study.name, trial), number(best.count[i]), duration(best.time_s[i]), number(best.work[i]), number(best.value[i])]),
        more: "Each row was the best when it ended.",
      }),
    };
  }

  showBest() {
    const {overview, objectives} = this.view, best = overview.best;
    if (objectives.length > 1)
      return void fillOnce(this.best, "front", () => [h("h2", {}, "The best"), h("p", {}, "With several objectives there are several best trials: the ",
          h("a", {href: address(["studies", this.study.name, "front"])}, "Pareto front"), ".")]);
    fillOnce(this.best, best, () => [
      h("h2", {}, best ? ["Best: ", h("a", {href: address(["studies", this.study.name, "trials", String(best.trial)])}, `trial ${best.trial}`)] : "The best"),
      best ? h("dl", {class: "facts"}, Object.entries(best.config).map(([name, given]) => [h("dt", {}, name), h("dd", {class: "mono"}, value(given))]))
           : h("p", {class: "dim"}, "No trial has a result yet."),
    ]);
  }

  showNews() {
    const lines = this.view.news.map(event => [event, newsOf(event)]).filter(([, news]) => news).slice(0, kNewsShown);
    fillOnce(this.latest, lines.map(([event]) => event.index), () => [
      h("h2", {}, "Latest"),
      lines.length ? h("ol", {class: "news", tabindex: "0", "aria-label": "Latest events"}, lines.map(([event, news]) => h("li", {}, h("time", {}, when(event)),
          news.trial === undefined ? "" : [h("a", {href: address(["studies", this.study.name, "trials", String(news.trial)])}, `trial ${news.trial}`), " "], news.text)))
                   : h("p", {class: "dim"}, "Nothing yet."),
    ]);
  }
}

/** A line that stays until it is better. */
function stairs(x, y, end) {
  const path = {x: [], y: []};
  for (let i = 0; i < x.length; ++i) {
    if (i > 0) { path.x.push(x[i]); path.y.push(y[i - 1]); }
    path.x.push(x[i]);
    path.y.push(y[i]);
  }
  if (x.length) { path.x.push(end); path.y.push(y.at(-1)); }
  return path;
}

/** Round times along an axis that ends at so many seconds. */
export function timeTicks(end) {
  const steps = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400, 259200, 604800];
  const step = steps.find(each => end / each <= 7) ?? end / 6, values = [];
  for (let at = 0; at <= end * 1.05; at += step) values.push(at);
  return {tickvals: values, ticktext: values.map(at => (at === 0 ? "0" : duration(at)))};
}
