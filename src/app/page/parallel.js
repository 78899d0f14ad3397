// Parallel coordinates: a line for each trial over an axis for each hyperparameter. Lines are drawn on a canvas, so that a
// thousand are drawn in a frame; axes stand over it. Dragging along an axis picks the trials that pass there.
import {fill, h} from "./dom.js";
import {number, value} from "./format.js";
import {colour, PlotCard} from "./plot.js";
import {go} from "./router.js";

const kTop = 34, kBottom = 26, kSide = 46, kLeastWidth = 92, kHeight = 400, kGrip = 34, kNear_px = 7, kRanks = 5;
const kSvg = "http://www.w3.org/2000/svg";

const svg = (tag, attributes, text) => {
  const element = document.createElementNS(kSvg, tag);
  for (const [name, given] of Object.entries(attributes)) element.setAttribute(name, given);
  if (text !== undefined) element.textContent = text;
  return element;
};

/** What is picked, as it stands in the address: "rate~0.2~0.5;rank~0~0.3". */
export function readPicks(text) {
  const picks = new Map();
  for (const part of text.split(";")) {
    const [name, low, high] = part.split("~");
    if (high !== undefined && Number.isFinite(+low) && Number.isFinite(+high)) picks.set(decodeURIComponent(name), [+low, +high]);
  }
  return picks;
}
const writePicks = picks => [...picks].map(([name, [low, high]]) => `${encodeURIComponent(name)}~${low.toFixed(3)}~${high.toFixed(3)}`).join(";");

export class ParallelCard extends PlotCard {
  constructor(title, study) {
    super(title);
    this.studyName = study;
    this.canvas = h("canvas", {});
    this.over = svg("svg", {role: "img"});
    this.frame = h("div", {class: "parallel"}, this.canvas, this.over);
    this.holder = h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": title}, this.frame);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.holder);
    this.over.addEventListener("pointermove", event => this.#hover(event));
    this.over.addEventListener("pointerleave", () => { this.near = null; this.#paint(); });
    this.over.addEventListener("click", () => { if (this.near !== null && !this.dragged) go(["studies", this.studyName, "trials", String(this.data.points.trial[this.near])]); });
  }

  /** {points: of the server, objective, minimize, asTable, picked: text, pick(text), rows()} */
  show(data) {
    this.data = data;
    const {points, asTable} = data;
    if (points.trial.length < 2 || points.parameters.length === 0) return void fill(this.body, h("p", {class: "empty"}, "It takes two results to compare."));
    if (asTable) {
      this.note.textContent = "";
      return this.showTable({rows: data.rows});
    }
    if (this.holder.parentNode !== this.body) fill(this.body, this.holder);
    if (!this.dragging) this.picks = readPicks(data.picked);
    this.draw();
  }

  recolour() { if (this.data && !this.data.asTable) this.draw(); }
  close() { this.observer.disconnect(); }

  /** Axes with the place of each trial in [0, 1], null where it has none. */
  #axes() {
    const {points, objective, minimize} = this.data;
    const axes = points.parameters.map(({name, labels}) => ({name, labels, at: points.places[name]}));
    const count = Math.max(1, points.trial.length - 1), place = objectivePlaces(points.values[objective], minimize);
    axes.push({name: objective, labels: place.labels, at: place.at, isObjective: true});
    this.rank = points.rank.map(rank => rank / count);
    return axes;
  }

  draw() {
    if (!this.data || this.holder.parentNode !== this.body) return;
    this.axes = this.#axes();
    const width = Math.max(this.holder.clientWidth, 2 * kSide + kLeastWidth * (this.axes.length - 1)), ratio = devicePixelRatio || 1;
    if (width === 0) return;
    this.frame.style.width = `${width}px`;
    this.frame.style.height = `${kHeight}px`;
    this.canvas.style.height = `${kHeight}px`;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(kHeight * ratio);
    this.x = i => kSide + i * (width - 2 * kSide) / (this.axes.length - 1);
    this.y = place => kHeight - kBottom - place * (kHeight - kTop - kBottom);
    this.over.setAttribute("viewBox", `0 0 ${width} ${kHeight}`);
    this.over.setAttribute("aria-label", `${this.data.points.trial.length} trials over ${this.axes.length} axes; the table has the same.`);
    this.#drawAxes();
    this.#paint();
  }

  #drawAxes() {
    this.over.replaceChildren();
    this.axes.forEach((axis, i) => {
      const x = this.x(i), last = i === this.axes.length - 1;
      this.over.append(svg("line", {class: "axis", x1: x, x2: x, y1: this.y(0), y2: this.y(1)}));
      this.over.append(svg("text", {class: "name", x, y: 16, "text-anchor": i === 0 ? "start" : last ? "end" : "middle", dx: i === 0 ? -kSide + 4 : last ? kSide - 4 : 0}, shortened(axis.name)));
      for (const [place, text] of axis.labels)
        this.over.append(svg("text", {x: last ? x - 6 : x + 6, y: this.y(place) + 4, "text-anchor": last ? "end" : "start"}, shortened(text)));
      const picked = this.picks.get(axis.name);
      if (picked) this.over.append(svg("rect", {class: "brush", x: x - 7, width: 14, y: this.y(picked[1]), height: Math.max(2, this.y(picked[0]) - this.y(picked[1])), rx: 3}));
      const grip = svg("rect", {class: "grip", x: x - kGrip / 2, width: kGrip, y: kTop - 8, height: kHeight - kTop - kBottom + 16});
      grip.addEventListener("pointerdown", event => this.#drag(event, axis.name));
      this.over.append(grip);
    });
  }

  #drag(event, name) {
    const place = at => Math.min(1, Math.max(0, (kHeight - kBottom - (at.clientY - this.over.getBoundingClientRect().top)) / (kHeight - kTop - kBottom)));
    const from = place(event);
    this.dragging = true;
    this.dragged = false;
    const move = at => {
      const to = place(at);
      if (Math.abs(to - from) < 0.02 && !this.dragged) return;
      this.dragged = true;
      this.picks.set(name, [Math.min(from, to), Math.max(from, to)]);
      this.#drawAxes();
      this.#paint();
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      this.dragging = false;
      if (!this.dragged) this.picks.delete(name);
      this.data.pick(writePicks(this.picks));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
    event.preventDefault();
  }

  isPicked(i) {
    return this.axes.every(axis => {
      const picked = this.picks.get(axis.name);
      return !picked || (axis.at[i] !== null && axis.at[i] >= picked[0] && axis.at[i] <= picked[1]);
    });
  }

  #path(context, i) {
    context.beginPath();
    let before = false;
    this.axes.forEach((axis, j) => {
      if (axis.at[i] === null) return;
      before ? context.lineTo(this.x(j), this.y(axis.at[i])) : context.moveTo(this.x(j), this.y(axis.at[i]));
      before = true;
    });
    context.stroke();
  }

  /** The worst first, so that the best lie on top. */
  #paint() {
    if (!this.axes) return;
    const context = this.canvas.getContext("2d"), ratio = devicePixelRatio || 1, {points} = this.data;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const colours = Array.from({length: kRanks}, (_, i) => colour(`rank${i}`)), faint = colour("grid");
    const order = points.trial.map((_, i) => i).sort((a, b) => points.rank[b] - points.rank[a]), picked = order.map(i => this.isPicked(i));
    let count = 0;
    for (const pass of [false, true])
      order.forEach((i, k) => {
        if (picked[k] !== pass) return;
        count += pass;
        context.strokeStyle = pass ? colours[Math.min(kRanks - 1, Math.floor(this.rank[i] ** 0.6 * kRanks))] : faint;
        context.lineWidth = pass && this.rank[i] < 0.1 ? 1.6 : 1;
        context.globalAlpha = pass ? 0.85 : 0.6;
        this.#path(context, i);
      });
    if (this.near !== null && this.near !== undefined) {
      context.globalAlpha = 1;
      context.strokeStyle = colour("stopped");
      context.lineWidth = 3;
      this.#path(context, this.near);
    }
    context.globalAlpha = 1;
    this.#describe(count);
  }

  #describe(count) {
    const {points, objective} = this.data;
    const all = points.results > points.trial.length ? `${points.trial.length.toLocaleString("en")} of ${points.results.toLocaleString("en")} results: the best, and others evenly. ` : "";
    const near = this.near;
    this.note.textContent = near !== null && near !== undefined
        ? `Trial ${points.trial[near]}: ${objective} ${number(points.values[objective][near])}; ${points.parameters.map(({name}) => [name, points.config[name][near]]).filter(([, each]) => each !== null).map(([name, each]) => `${name}=${value(each)}`).join(" ")}`
        : this.picks.size > 0 ? `${count} trials are picked; a click on an axis lets go of it. ${all}` : `Dark lines are the best trials. Drag along an axis to pick those that pass there. ${all}`;
  }

  #hover(event) {
    if (this.dragging || !this.axes) return;
    const box = this.over.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const span = (this.x(1) ?? 1) - this.x(0), j = Math.min(this.axes.length - 2, Math.max(0, Math.floor((x - kSide) / span))), part = (x - this.x(j)) / span;
    let near = null, least = kNear_px;
    this.data.points.trial.forEach((_, i) => {
      const a = this.axes[j].at[i], b = this.axes[j + 1].at[i];
      if (a === null || b === null || !this.isPicked(i)) return;
      const distance = Math.abs(this.y(a + part * (b - a)) - y);
      if (distance < least) { least = distance; near = i; }
    });
    if (near === this.near) return;
    this.near = near;
    this.over.style.cursor = near === null ? "default" : "pointer";
    this.#paint();
  }
}

const shortened = text => (String(text).length > 18 ? String(text).slice(0, 17) + "…" : String(text));

/** The objective's axis, the best at the top; what lies far off is at the end. */
function objectivePlaces(values, minimize) {
  const sorted = values.filter(each => each !== null).sort((a, b) => a - b), at = share => sorted[Math.floor(share * (sorted.length - 1))];
  let low = sorted[0], high = sorted.at(-1);
  if (sorted.length >= 8) {
    const reach = 4 * Math.max(at(0.75) - at(0.25), 1e-12);
    if (minimize) high = Math.min(high, at(0.75) + reach); else low = Math.max(low, at(0.25) - reach);
  }
  const span = high - low || 1, place = each => Math.min(1, Math.max(0, (each - low) / span));
  const turned = each => (minimize ? 1 - place(each) : place(each));
  return {at: values.map(each => (each === null ? null : turned(each))),
          labels: [0, 0.5, 1].map(part => [minimize ? 1 - part : part, number(low + part * span, 4)])};
}
