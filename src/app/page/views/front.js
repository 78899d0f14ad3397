// Pareto front: two objectives against each other, and the trials that no other beats in all of them.
import {select} from "../dom.js";
import {number, plural, value} from "../format.js";
import {calmRange, colour, plain, PlotCard, trialLink} from "../plot.js";
import {Tab} from "./tab.js";

export class FrontTab extends Tab {
  constructor(view) {
    super(view);
    this.card = new PlotCard("Pareto front");
    this.cards = [this.card];
    this.element.append(this.card.element);
  }

  async update() {
    const points = await this.study.get("points", {points: 3000});
    if (this.closed) return;
    const names = points.objectives, x = this.wanted("x", names[0]), y = this.wanted("y", names[1]);
    this.controls(this.card, [x, y, names], () => [
      ...(names.length > 2 ? [["Across", "x", x], ["Up", "y", y]].map(([label, key, chosen]) => select(label, names.map(name => [name, name]), chosen, to => this.change({[key]: to}))) : []),
      this.asChoice()]);
    await this.card.show(this.content(points, x, y));
  }

  content(points, x, y) {
    const front = new Set(points.front), minimizes = name => this.view.objectives.find(each => each.metric === name)?.minimize ?? true;
    const rows = points.trial.flatMap((trial, i) => (points.values[x][i] === null || points.values[y][i] === null ? [] : [i]));
    const on = rows.filter(i => front.has(points.trial[i])).sort((a, b) => points.values[x][a] - points.values[x][b]), off = rows.filter(i => !front.has(points.trial[i]));
    const dots = (chosen, name, marker) => ({
      type: "scatter", mode: "markers", name, marker, x: chosen.map(i => points.values[x][i]), y: chosen.map(i => points.values[y][i]), customdata: chosen.map(i => points.trial[i]),
      hovertemplate: `trial %{customdata}<br>${plain(x)} %{x:.5g}<br>${plain(y)} %{y:.5g}<extra></extra>`});
    const wanted = name => `${name} (${minimizes(name) ? "lower" : "higher"} is better)`;
    return {
      study: this.study.name, asTable: this.view.asTable, empty: rows.length === 0 ? "No trial has both objectives yet." : null,
      note: `${plural(on.length, "trial")} of ${points.results.toLocaleString("en")} ${on.length === 1 ? "is" : "are"} beaten by no other one in all objectives.`,
      says: `${on.length} trials are on the front.`,
      traces: () => [
        dots(off, "other trials", {color: colour("waiting"), size: 6, opacity: 0.5}),
        ...(points.objectives.length === 2 ? [{type: "scatter", mode: "lines", showlegend: false, hoverinfo: "skip", x: on.map(i => points.values[x][i]), y: on.map(i => points.values[y][i]),
                                              line: {color: colour("done"), width: 1.5, shape: minimizes(y) === minimizes(x) && minimizes(x) ? "hv" : "linear"}}] : []),
        dots(on, "on the front", {color: colour("done"), size: 9, symbol: "diamond"}),
      ],
      layout: () => ({xaxis: {title: {text: plain(wanted(x))}, range: calmRange(rows.map(i => points.values[x][i]), minimizes(x)) ?? undefined},
                      yaxis: {title: {text: plain(wanted(y))}, range: calmRange(rows.map(i => points.values[y][i]), minimizes(y)) ?? undefined},
                      showlegend: true, uirevision: `${x} ${y}`}),
      rows: () => ({
        heads: ["trial", ...points.objectives.map(text => ({text, number: true})), ...points.parameters.map(each => each.name)],
        rows: on.map(i => [trialLink(this.study.name, points.trial[i]), ...points.objectives.map(name => number(points.values[name][i])), ...points.parameters.map(each => value(points.config[each.name][i]))]),
        more: "The trials on the front.",
      }),
    };
  }
}
