// Trials: all of them as a table that the server sorts and cuts into pages.
import {fill, h, select, table} from "../dom.js";
import {duration, number, plural, value} from "../format.js";
import {address} from "../router.js";
import {chip, kStates} from "../states.js";
import {Tab} from "./tab.js";

const kRows = 50;

export class TrialsTab extends Tab {
  constructor(view) {
    super(view);
    this.bar = h("div", {class: "bar"});
    this.area = h("div", {});
    this.pages = h("div", {class: "pages"});
    this.element = h("section", {class: "card flush"}, this.bar, this.area, this.pages);
  }

  async update() {
    const sort = this.wanted("sort", "number"), descending = this.wanted("order", sort === "number" ? "down" : "up") === "down";
    const state = this.wanted("state", ""), from = Math.max(0, Number(this.wanted("from", "0")) || 0);
    const view = await this.study.get("trials", {sort, descending: descending ? 1 : 0, state, from, count: kRows});
    if (this.closed) return;
    this.showBar(state);
    this.showRows(view, sort, descending);
    this.showPages(view, from);
  }

  showBar(state) {
    const text = state;
    if (this.bar.shownState === text) return;
    this.bar.shownState = text;
    fill(this.bar, h("h2", {}, "Trials"), h("div", {class: "controls"},
        select("State", [["", "all"], ...kStates.map(each => [each, each])], state, chosen => this.change({state: chosen, from: null}))));
  }

  columns() {
    const parameters = this.view.overview.parameters.filter(each => each.kind !== "fixed").flatMap(each => each.names.map(name => ({name, number: each.choices.length === 0})));
    return [
      {text: "trial", key: "number", cell: row => h("a", {href: address(["studies", this.study.name, "trials", String(row.number)])}, row.number)},
      {text: "state", key: "state", cell: row => chip(row.state, row.failure)},
      ...this.view.objectives.map(each => ({text: each.metric, key: each.metric, number: true, cell: row => number(row.metrics[each.metric])})),
      {text: "step", key: "step", number: true, cell: row => row.step.toLocaleString("en")},
      {text: "time", key: "time", number: true, cell: row => duration(row.time_s)},
      ...parameters.map(each => ({text: each.name, key: each.name, number: each.number, cell: row => value(row.config[each.name])})),
      {text: "chosen by", cell: row => row.by ?? ""},
    ];
  }

  showRows(view, sort, descending) {
    const key = JSON.stringify([view.rows, sort, descending]);
    if (key === this.shownRows) return;
    this.shownRows = key;
    if (view.matching === 0) return void fill(this.area, h("p", {class: "empty"}, "There are none."));
    const columns = this.columns(), focused = document.activeElement?.dataset?.sort, scroll = this.area.querySelector(".scroll")?.scrollLeft ?? 0;
    const best = this.view.overview.best?.trial;
    fill(this.area, table(columns.map(column => this.head(column, sort, descending)),
        view.rows.map(row => ({class: row.number === best && this.view.objectives.length === 1 ? "chosen" : null, cells: columns.map(column => column.cell(row))})), {label: "Trials"}));
    this.area.querySelector(".scroll").scrollLeft = scroll;
    if (focused) this.area.querySelector(`[data-sort="${CSS.escape(focused)}"]`)?.focus();
  }

  head(column, sort, descending) {
    if (!column.key) return {text: column.text};
    const isSorted = column.key === sort;
    const turn = () => this.change({sort: column.key, order: isSorted && !descending ? "down" : "up", from: null});
    return {text: column.text, number: column.number, sorted: isSorted ? (descending ? "descending" : "ascending") : null,
            head: h("button", {type: "button", onclick: turn, "data-sort": column.key}, column.text, isSorted ? h("span", {"aria-hidden": "true"}, descending ? " ↓" : " ↑") : "")};
  }

  showPages(view, from) {
    const key = JSON.stringify([view.matching, from, view.rows.length]);
    if (key === this.shownPages) return;
    this.shownPages = key;
    const last = Math.min(view.matching, from + kRows), turn = (text, to, isOff) => h("button", {type: "button", disabled: isOff, onclick: () => this.change({from: to > 0 ? to : null})}, text);
    fill(this.pages, turn("First", 0, from === 0), turn("Before", from - kRows, from === 0), turn("Next", from + kRows, last >= view.matching),
         h("span", {class: "dim"}, view.matching ? `${(from + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${plural(view.matching, "trial")}` : ""));
  }
}
