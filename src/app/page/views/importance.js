// What mattered: the share of a metric's variance that each hyperparameter explains, in numbers and in words.
import {fillOnce, h, select} from "../dom.js";
import {number, percent} from "../format.js";
import {colour, plain, PlotCard} from "../plot.js";
import {Tab} from "./tab.js";

const kLeastShare = 0.02;  // of a hyperparameter whose course is drawn

export class ImportanceTab extends Tab {
  constructor(view) {
    super(view);
    this.card = new PlotCard("What mattered");
    this.words = h("section", {class: "card"});
    this.grid = h("div", {class: "tiles"});
    this.courses = new Map();
    this.cards = [this.card];
    this.element.append(h("div", {class: "split"}, this.card.element, this.words), this.grid);
  }

  async update() {
    const metric = this.wanted("metric", this.view.metrics[0]);
    this.controls(this.card, [metric, this.view.metrics], () => [
      select("Metric", this.view.metrics.map(name => [name, name]), metric, chosen => this.change({metric: chosen})), this.asChoice()]);
    let found = null, why = "";
    try { found = await this.study.get("importance", {metric}); } catch (error) {
      if (![400, 404].includes(error.status)) throw error;
      why = error.message;
    }
    if (this.closed) return;
    await this.card.show(found ? this.content(found) : {empty: `Nothing can be said yet: ${why}`});
    fillOnce(this.words, found?.words ?? [why], () => [h("h2", {}, "In words"),
      found ? h("ul", {class: "words"}, found.words.map(each => h("li", {}, each))) : h("p", {class: "dim"}, "It takes a few different results.")]);
    await this.showCourses(found);
  }

  content(found) {
    const parameters = found.parameters.slice(0, 14).reverse();
    return {
      asTable: this.view.asTable, empty: parameters.length === 0 ? "No hyperparameter varies." : null,
      note: `The share of the variance of ${found.metric} over the whole space that each explains by itself (fANOVA), of ${found.trials.toLocaleString("en")} trials${found.step > 0 ? ` at step ${found.step}` : ""}; the line is the middle 95 % of the trees.`,
      says: found.parameters.slice(0, 3).map(each => `${each.parameter} ${percent(each.share)}`).join(", "),
      traces: () => [{
        type: "bar", orientation: "h", y: parameters.map(each => plain(each.parameter)), x: parameters.map(each => each.share), marker: {color: colour("done"), opacity: 0.85}, width: 0.6,
        error_x: {type: "data", symmetric: false, array: parameters.map(each => each.high - each.share), arrayminus: parameters.map(each => each.share - each.low), color: colour("dim"), thickness: 1.5, width: 4},
        hovertemplate: "%{y}: %{x:.1%}<extra></extra>"}],
      layout: () => ({xaxis: {tickformat: ".0%", rangemode: "tozero"}, yaxis: {showgrid: false}, margin: {l: 60, r: 20, t: 6, b: 34}, uirevision: found.metric}),
      rows: () => ({
        heads: ["hyperparameter", {text: "share", number: true}, {text: "95 % from", number: true}, {text: "to", number: true}, "best at", "flat between"],
        rows: [...found.parameters.map(each => [each.parameter, percent(each.share), percent(each.low), percent(each.high), each.best ?? "", each.flat?.join(" and ") ?? ""]),
               ...(found.interactions ?? []).slice(0, 6).map(each => [each.parameters.join(" with "), percent(each.share), percent(each.low), percent(each.high), "", ""])],
      }),
    };
  }

  /** The metric along each hyperparameter that matters, on average over all others. */
  async showCourses(found) {
    const drawn = (found?.parameters ?? []).filter(each => each.marginal?.length > 1 && each.share >= kLeastShare).slice(0, 8);
    for (const [name, card] of this.courses)
      if (!drawn.some(each => each.parameter === name)) card.element.remove();
    for (const each of drawn) {
      if (!this.courses.has(each.parameter)) {
        const card = new PlotCard(each.parameter, {small: true, level: 3});
        this.courses.set(each.parameter, card);
        this.cards.push(card);
      }
      const card = this.courses.get(each.parameter);
      if (!card.element.isConnected) this.grid.append(card.element);
      await card.show(this.course(each, found.metric));
    }
  }

  course({parameter, marginal, best}, metric) {
    const values = marginal.map(point => point.value), numeric = values.every(each => each !== "" && Number.isFinite(Number(each)));
    const places = values.map((_, i) => i), band = [...marginal.map(point => point.high), ...marginal.map(point => point.low).reverse()];
    const shown = numeric && values.length > 6 ? places.filter(i => i % Math.ceil(values.length / 5) === 0) : places;
    return {
      asTable: this.view.asTable, says: `${metric} along ${parameter}, on average over all others${best ? `; best at ${best}` : ""}.`,
      traces: () => [
        {type: "scatter", mode: "lines", x: [...places, ...places.toReversed()], y: band, fill: "toself", fillcolor: colour("done"), opacity: 0.18, line: {width: 0}, hoverinfo: "skip"},
        {type: "scatter", mode: numeric ? "lines" : "lines+markers", x: places, y: marginal.map(point => point.mean), text: values.map(plain), line: {color: colour("done"), width: 2},
         hovertemplate: `${plain(parameter)} %{text}: ${plain(metric)} %{y:.5g}<extra></extra>`}],
      layout: () => ({margin: {l: 50, r: 10, t: 6, b: 30}, xaxis: {tickvals: shown, ticktext: shown.map(i => plain(numeric ? number(Number(values[i]), 3) : values[i]))}, yaxis: {nticks: 6}, uirevision: metric}),
      rows: () => ({heads: [parameter, {text: `${metric} on average`, number: true}, {text: "95 % from", number: true}, {text: "to", number: true}],
                    rows: marginal.map(point => [point.value, number(point.mean), number(point.low), number(point.high)])}),
    };
  }
}
