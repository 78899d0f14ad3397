// All studies of the store, as they come on.
import {studies} from "../api.js";
import {fill, fillOnce, h} from "../dom.js";
import {number, objectives, plural} from "../format.js";
import {address} from "../router.js";
import {chip, kStates} from "../states.js";

const kLookAgain_ms = 2000;

/** How the trials of a study are shared among the states. */
export function stateBar(counts) {
  const total = kStates.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  const bar = h("div", {class: "states", role: "img", "aria-label": kStates.filter(state => counts[state]).map(state => `${counts[state]} ${state}`).join(", ") || "no trials"});
  for (const state of kStates)
    if (counts[state]) {
      const part = h("i", {title: `${counts[state]} ${state}`});
      part.style.width = `${100 * counts[state] / total}%`;
      part.style.background = `var(--${state})`;
      bar.append(part);
    }
  return bar;
}

function row(study) {
  const trials = Object.values(study.trials).reduce((sum, count) => sum + count, 0);
  const best = study.best ? Object.entries(study.best.metrics).find(([name]) => name === study.metric) ?? Object.entries(study.best.metrics)[0] : null;
  return h("a", {class: "row", href: address(["studies", study.name])},
      h("span", {class: "name"}, study.name), chip(study.state),
      h("span", {}, stateBar(study.trials), h("span", {class: "dim"}, plural(trials, "trial"), study.trials.running ? `, ${study.trials.running} running` : "")),
      study.detail ? h("span", {class: "dim"}, study.detail)
                   : h("span", {}, best ? [h("span", {class: "dim"}, "best "), h("span", {}, number(best[1])), h("span", {class: "dim"}, ` ${best[0]}`)]
                                        : h("span", {class: "dim"}, "no result yet")));
}

export class StudiesView {
  constructor(page) {
    this.page = page;
    this.list = h("div", {class: "card flush studies"});
    this.element = h("div", {}, h("div", {class: "head"}, h("h1", {}, "Studies")), this.list);
    fill(this.list, h("p", {class: "empty"}, "Looking ..."));
    this.closed = false;
  }

  async show() {
    this.page.title("");
    this.page.path([]);
    await this.look();
    this.#again();
  }

  async look() {
    const all = await studies();
    for (const study of all)
      if (study.objectives) study.metric = objectives(study.objectives)[0].metric;
    fillOnce(this.list, all, () => all.length > 0 ? all.map(row) : h("div", {class: "empty"},
        h("p", {}, "There are no studies in this store yet."), h("p", {}, h("code", {}, "pegbox tune study.yaml"), " makes one; it appears here.")));
  }

  #again() {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      if (this.closed) return;
      if (!document.hidden)
        try { await this.look(); this.page.say("live"); } catch (error) { this.page.say(error.status === 0 ? "lost" : "gone"); }
      if (!this.closed) this.#again();
    }, kLookAgain_ms);
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
