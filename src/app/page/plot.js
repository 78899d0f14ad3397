// Plots: Plotly in the page's colours; each with its table, which is shown where somebody wants it or Plotly is not there.
import {fill, h, table} from "./dom.js";
import {number} from "./format.js";
import {go} from "./router.js";

let loading = null;

/** Plotly, once; null where its file is not there. */
function plotly() {
  loading ??= new Promise(done => {
    const script = h("script", {src: "plotly.min.js", onload: () => done(window.Plotly ?? null), onerror: () => done(null)});
    document.head.append(script);
  });
  return loading;
}

export const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const kConfig = {displaylogo: false, responsive: true, displayModeBar: "hover",
                 modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"]};

/** What all plots have in common; `extra` is laid over it. */
function layoutOf(extra) {
  const axis = given => ({
    gridcolor: colour("grid"), zerolinecolor: colour("grid"), linecolor: colour("line"), tickcolor: colour("line"), automargin: true,
    tickfont: {color: colour("dim"), size: 12}, ...given, title: {font: {color: colour("dim"), size: 12.5}, standoff: 8, ...given?.title},
  });
  const {xaxis, yaxis, ...rest} = extra;
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest", uirevision: "kept",
    margin: {l: 56, r: 14, t: 10, b: 44}, font: {color: colour("text"), family: "system-ui, sans-serif", size: 13},
    hoverlabel: {bgcolor: colour("card"), bordercolor: colour("line"), font: {color: colour("text"), size: 13}, align: "left"},
    legend: {orientation: "h", y: -0.17, x: 0, font: {color: colour("dim"), size: 12}, itemsizing: "constant"},
    showlegend: false, xaxis: axis(xaxis), yaxis: axis(yaxis), ...rest,
  };
}

/** Texts for Plotly, which takes some markup: shown as they are. */
export const plain = text => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Ends of an axis that one diverged trial does not stretch: beyond the quartile by four times the quartiles' distance. */
export function calmRange(values, minimize) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length < 8) return null;
  const at = share => sorted[Math.floor(share * (sorted.length - 1))];
  const reach = 4 * Math.max(at(0.75) - at(0.25), 1e-12);
  let low = sorted[0], high = sorted.at(-1);
  if (minimize && high > at(0.75) + reach) high = at(0.75) + reach;
  else if (!minimize && low < at(0.25) - reach) low = at(0.25) - reach;
  else return null;
  const edge = 0.04 * (high - low);
  return [low - edge, high + edge];
}

/** Round values along a logarithmic axis from `low` to `high`: powers of ten, or of two where there are few of these. */
export function logTicks(low, high) {
  const powers = base => {
    const values = [];
    for (let power = Math.ceil(Math.log(low) / Math.log(base) - 1e-9); base ** power <= high * (1 + 1e-9); ++power) values.push(base ** power);
    return values;
  };
  const values = powers(high / low >= 100 ? 10 : 2), every = Math.ceil(values.length / 6), shown = values.filter((_, i) => i % every === 0);
  return {tickvals: shown, ticktext: shown.map(each => plain(number(each, 3)))};
}

/** A card with a plot that can be a table. Draws itself anew by `show`, and in other colours by `recolour`. */
export class PlotCard {
  constructor(title, {controls = [], small = false, level = 2} = {}) {
    this.area = h("div", {class: small ? "plot small" : "plot"});
    this.body = h("div", {});
    this.note = h("p", {class: "note"});
    this.controls = h("div", {class: "controls"}, controls);
    this.title = h(`h${level}`, {}, title);
    this.title_text = title;
    this.element = h("section", {class: "card"}, h("div", {class: "bar"}, this.title, this.controls), this.body, this.note);
    this.study = null;
  }

  /**
   * `traces` and `layout` are made by functions, so that colours follow the theme. `rows`: {heads, rows} of the table,
   * made when it is wanted. `says`: the plot in words, for who does not see it. `empty`: why there is nothing.
   */
  async show(content) {
    this.content = content;
    this.note.textContent = content.note ?? "";
    if (content.empty) return void fill(this.body, h("p", {class: "empty"}, content.empty));
    const library = content.asTable ? null : await plotly();
    if (this.content !== content) return;  // a later one came first
    if (!library) return this.showTable(content);
    if (this.area.parentNode !== this.body) fill(this.body, this.area);
    this.area.setAttribute("role", "img");
    this.area.setAttribute("aria-label", `${this.title_text}. ${content.says ?? ""}`);
    const isFirst = !this.area.data;
    await library.react(this.area, content.traces(), layoutOf(content.layout()), kConfig);
    if (isFirst && content.study)
      this.area.on("plotly_click", event => {
        const trial = event.points[0]?.customdata;
        if (Number.isInteger(trial)) go(["studies", content.study, "trials", String(trial)]);
      });
  }

  showTable(content) {
    const {heads, rows, more} = content.rows();
    fill(this.body, table(heads, rows, {label: `${this.title_text}, as a table`}), more ? h("p", {class: "note"}, more) : null);
  }

  recolour() { if (this.content && !this.content.empty) this.show(this.content); }

  close() { if (this.area.data && window.Plotly) window.Plotly.purge(this.area); }
}

/** A link to a trial, for tables. */
export const trialLink = (study, number) => h("a", {href: `#/studies/${encodeURIComponent(study)}/trials/${number}`}, number);
