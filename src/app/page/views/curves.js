// Learning curves: what each trial measured on its way; where it was stopped or paused.
import {choice, select} from "../dom.js";
import {number, plural} from "../format.js";
import {calmRange, colour, plain, PlotCard, trialLink} from "../plot.js";
import {kStates, symbol} from "../states.js";
import {Tab} from "./tab.js";

const kEndMarks = ["stopped", "paused", "failed"];

export class CurvesTab extends Tab {
  constructor(view) {
    super(view);
    this.card = new PlotCard("Learning curves");
    this.cards = [this.card];
    this.element.append(this.card.element);
  }

  async update() {
    const metric = this.wanted("metric", this.view.metrics[0]), scale = this.wanted("y", "linear");
    const view = await this.study.get("curves", {metric, trials: 200, points: 160});
    if (this.closed) return;
    this.controls(this.card, [metric, scale, this.view.metrics], () => [
      select("Metric", this.view.metrics.map(name => [name, name]), metric, chosen => this.change({metric: chosen})),
      choice("Scale", "scale", [["linear", "Linear"], ["log", "Log"]], scale, chosen => this.change({y: chosen === "log" ? "log" : null})),
      this.asChoice()]);
    await this.card.show(this.content(view, scale));
  }

  content(view, scale) {
    const best = this.view.overview.best?.trial ?? null, {metric, curves} = view;
    const steps = this.view.overview.steps_are_tokens ? "training tokens" : "steps";
    const states = kStates.filter(state => curves.some(curve => curve.state === state));
    return {
      study: this.study.name, asTable: this.view.asTable,
      empty: curves.length === 0 ? `No trial has reported ${metric} more than once yet.` : null,
      note: [view.with_curves > curves.length ? `${curves.length} of ${plural(view.with_curves, "curve")} are drawn: the best, those that run, others evenly. ` : "",
             "A cross: stopped; a square: paused; a triangle: failed. The thick line is the best trial's."].join(""),
      says: `${plural(curves.length, "curve")} of ${metric} against ${steps}.`,
      traces: () => [
        ...states.map(state => lines(curves.filter(curve => curve.state === state && curve.trial !== best), state, metric)),
        ...kEndMarks.filter(state => states.includes(state)).map(state => ends(curves.filter(curve => curve.state === state), state, metric)),
        ...curves.filter(curve => curve.trial === best).map(curve => ({
          ...lines([curve], "best", metric), name: `best: trial ${best}`, line: {color: colour("best"), width: 2.6}, opacity: 1})),
      ],
      layout: () => {
        const values = curves.flatMap(curve => curve.values);
        return {xaxis: {title: {text: steps}, rangemode: "tozero"},
                yaxis: {title: {text: plain(metric)}, type: scale, range: scale === "log" ? undefined : calmRange(values, view.minimize) ?? undefined},
                showlegend: true, uirevision: `${metric} ${scale}`};
      },
      rows: () => ({
        heads: ["trial", "state", {text: "reports", number: true}, {text: "first step", number: true}, {text: `first ${metric}`, number: true},
                {text: "last step", number: true}, {text: `last ${metric}`, number: true}],
        rows: curves.map(curve => [trialLink(this.study.name, curve.trial), curve.state, curve.reports, number(curve.steps[0]), number(curve.values[0]),
                                   number(curve.steps.at(-1)), number(curve.values.at(-1))]),
      }),
    };
  }
}

/** Many curves as one trace, with gaps between them. */
function lines(curves, state, metric) {
  const x = [], y = [], trials = [];
  for (const curve of curves) {
    for (let i = 0; i < curve.steps.length; ++i) { x.push(curve.steps[i]); y.push(curve.values[i]); trials.push(curve.trial); }
    x.push(null); y.push(null); trials.push(null);
  }
  return {type: "scatter", mode: "lines", name: state, x, y, customdata: trials, connectgaps: false, opacity: state === "running" ? 0.95 : 0.5,
          line: {color: colour(state), width: state === "running" ? 1.8 : 1.2},
          hovertemplate: `trial %{customdata}, ${state}<br>step %{x}: ${plain(metric)} %{y:.5g}<extra></extra>`};
}

function ends(curves, state, metric) {
  const last = curve => curve.values.findLastIndex(value => value !== null);
  return {type: "scatter", mode: "markers", name: state, showlegend: false, x: curves.map(curve => curve.steps[last(curve)]), y: curves.map(curve => curve.values[last(curve)]),
          customdata: curves.map(curve => curve.trial), marker: {color: colour(state), symbol: symbol(state), size: 8},
          hovertemplate: `trial %{customdata}, ${state}<br>step %{x}: ${plain(metric)} %{y:.5g}<extra></extra>`};
}
