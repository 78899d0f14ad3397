// Hyperparameters: all at once as parallel coordinates, and each by itself against the objective.
import {h, select} from "../dom.js";
import {number, plural, value} from "../format.js";
import {ParallelCard} from "../parallel.js";
import {calmRange, colour, logTicks, plain, PlotCard, trialLink} from "../plot.js";
import {kStates, symbol} from "../states.js";
import {Tab} from "./tab.js";

const kDotsOfAll = 5000, kRowsShown = 500;

export class ParametersTab extends Tab {
  constructor(view) {
    super(view);
    this.parallel = new ParallelCard("Parallel coordinates", this.study.name);
    this.grid = h("div", {class: "tiles"});
    this.slices = new Map();
    this.cards = [this.parallel];
    this.element.append(this.parallel.element, this.grid);
  }

  async update() {
    const points = await this.study.get("points", {points: 1000});
    if (this.closed) return;
    const objective = this.wanted("metric", points.objectives[0]);
    const controls = () => [
      points.objectives.length > 1 ? select("Objective", points.objectives.map(name => [name, name]), objective, chosen => this.change({metric: chosen})) : null,
      this.asChoice()];
    this.controls(this.parallel, [objective], controls);
    const {minimize} = this.view.objectives.find(each => each.metric === objective) ?? this.view.objectives[0];
    this.parallel.show({points, objective, minimize, asTable: this.view.asTable, parameters: this.view.overview.parameters,
                        picked: this.wanted("pick", ""), pick: text => this.change({pick: text}), rows: () => this.rows(points)});
    for (const {name} of points.parameters) await this.slice(name).show(this.content(points, name, objective, minimize));
  }

  slice(name) {
    if (!this.slices.has(name)) {
      const card = new PlotCard(name, {small: true, level: 3});
      this.slices.set(name, card);
      this.cards.push(card);
      this.grid.append(card.element);
    }
    return this.slices.get(name);
  }

  rows(points) {
    const names = points.parameters.map(each => each.name), order = points.trial.map((_, i) => i).sort((a, b) => points.rank[a] - points.rank[b]);
    return {
      heads: ["trial", "state", ...points.objectives.map(text => ({text, number: true})), ...names],
      rows: order.slice(0, kRowsShown).map(i => [trialLink(this.study.name, points.trial[i]), points.state[i],
                                                 ...points.objectives.map(name => number(points.values[name][i])), ...names.map(name => value(points.config[name][i]))]),
      more: points.results > kRowsShown ? `The best ${kRowsShown} of ${plural(points.results, "result")}.` : "",
    };
  }

  content(points, name, objective, minimize) {
    const most = Math.max(150, Math.floor(kDotsOfAll / points.parameters.length));
    const given = points.config[name], ys = points.values[objective], all = given.flatMap((each, i) => (each === null || ys[i] === null ? [] : [i]));
    const rows = all.length <= most ? all : all.filter(i => points.rank[i] < most / 4 || i % Math.ceil(all.length / (0.75 * most)) === 0);
    const parameter = this.view.overview.parameters.find(each => each.names.includes(name)), isChoice = parameter?.choices.length > 0;
    const x = i => (isChoice ? parameter.choices.findIndex(each => each === given[i]) + jitter(points.trial[i]) : given[i]);
    const states = kStates.filter(state => rows.some(i => points.state[i] === state));
    const best = rows.reduce((found, i) => (found === null || points.rank[i] < points.rank[found] ? i : found), null);
    const dots = (chosen, marker, label) => ({
      type: "scatter", mode: "markers", name: label, x: chosen.map(x), y: chosen.map(i => ys[i]), customdata: chosen.map(i => points.trial[i]),
      text: chosen.map(i => plain(value(given[i]))), marker, hovertemplate: `trial %{customdata}, ${label}<br>${plain(name)} %{text}<br>${plain(objective)} %{y:.5g}<extra></extra>`});
    return {
      study: this.study.name, asTable: this.view.asTable, empty: rows.length === 0 ? "No results with it yet." : null,
      says: `${plural(rows.length, "trial")}: ${objective} against ${name}.`,
      traces: () => [
        ...states.map(state => dots(rows.filter(i => points.state[i] === state && i !== best), {color: colour(state), symbol: symbol(state), size: 6, opacity: 0.6}, state)),
        ...(best === null ? [] : [dots([best], {color: colour("best"), symbol: "star", size: 12}, "best")]),
      ],
      layout: () => ({
        margin: {l: 50, r: 10, t: 6, b: 30}, uirevision: objective,
        xaxis: isChoice ? {tickvals: parameter.choices.map((_, i) => i), ticktext: parameter.choices.map(each => plain(value(each))), range: [-0.6, parameter.choices.length - 0.4], showgrid: false}
                        : parameter?.log ? {type: "log", ...logTicks(parameter.low, parameter.high)} : {nticks: 5},
        yaxis: {range: calmRange(rows.map(i => ys[i]), minimize) ?? undefined, nticks: 6}}),
      rows: () => ({
        heads: ["trial", {text: name, number: !isChoice}, {text: objective, number: true}],
        rows: rows.slice().sort((a, b) => points.rank[a] - points.rank[b]).slice(0, 100).map(i => [trialLink(this.study.name, points.trial[i]), value(given[i]), number(ys[i])]),
        more: rows.length > 100 ? "The best 100." : "",
      }),
    };
  }
}

/** A trial's own small shift, so that equal choices do not hide each other: the same whenever it is drawn. */
const jitter = trial => ((trial * 0.6180339887) % 1 - 0.5) * 0.5;
