// One study: its head, its views as tabs, and the log that keeps them up to date.
import {studyActions} from "../actions.js";
import {Study} from "../api.js";
import {fillOnce, fill, h} from "../dom.js";
import {count, duration, number, objectives} from "../format.js";
import {Live} from "../live.js";
import {address, go, here, keep} from "../router.js";
import {chip, kStates} from "../states.js";
import {CurvesTab} from "./curves.js";
import {FrontTab} from "./front.js";
import {ImportanceTab} from "./importance.js";
import {ParametersTab} from "./parameters.js";
import {ProgressTab} from "./progress.js";
import {stateBar} from "./studies.js";
import {TrialTab} from "./trial.js";
import {TrialsTab} from "./trials.js";

const kTabs = [
  {path: "", name: "Progress", make: ProgressTab}, {path: "curves", name: "Learning curves", make: CurvesTab},
  {path: "parameters", name: "Hyperparameters", make: ParametersTab}, {path: "front", name: "Pareto front", make: FrontTab},
  {path: "importance", name: "What mattered", make: ImportanceTab}, {path: "trials", name: "Trials", make: TrialsTab},
];
const kNewsKept = 60;

/** What was used of a total: {label, used, of, share}. */
function totals(overview) {
  const {budget, spent, trial_counts: counts} = overview;
  const ended = (counts.done ?? 0) + (counts.stopped ?? 0) + (counts.failed ?? 0);
  const all = [["trials", ended, budget.trials, count], ["time", spent.time_s, budget.time_s, duration],
               ["tokens", spent.tokens, budget.tokens, count]];
  return all.filter(([name, used, limit]) => name !== "tokens" || used > 0 || limit)
      .map(([name, used, limit, show]) => ({name, used: show(used), of: limit ? show(limit) : null, share: limit ? Math.min(1, used / limit) : null}));
}

export class StudyView {
  constructor(name, page) {
    this.page = page;
    this.study = new Study(name);
    this.head = h("div", {});
    this.figures = h("dl", {class: "figures"});
    this.tabs = h("nav", {class: "tabs", "aria-label": "Views of the study"});
    this.body = h("div", {});
    this.element = h("div", {}, this.head, this.figures, this.tabs, this.body);
    this.news = [];
    this.tab = null;
    this.live = null;
  }

  /** The metrics that trials have, the objectives first. */
  get metrics() {
    const first = this.objectives.map(each => each.metric);
    return [...first, ...this.overview.metrics.filter(name => !first.includes(name))];
  }

  get asTable() { return here().query.get("as") === "table"; }

  async show(path, query) {
    if (!this.overview) await this.look();
    if (this.closed) return;
    const wanted = path[0] === "trials" && path.length > 1 ? {path: "trial", make: TrialTab, name: `Trial ${path[1]}`}
                                                         : this.visibleTabs().find(tab => tab.path === (path[0] ?? ""));
    if (!wanted) throw Object.assign(new Error(`This study has no view "${path[0]}".`), {status: 404});
    const key = wanted.path === "trial" ? `trial/${path[1]}` : wanted.path;
    if (key !== this.shown) {
      this.tab?.close();
      this.shown = key;
      this.tab = new wanted.make(this, path[1]);
      fill(this.body, this.tab.element);
      this.tab.element.setAttribute("aria-label", wanted.name);
    }
    this.query = query;
    this.showTabs(wanted.path === "trial" ? "trials" : wanted.path);
    this.figures.hidden = wanted.path !== "";
    const name = this.study.name, places = [["studies", []], [name, ["studies", name]]];
    if (wanted.path === "trial") places.push(["trials", ["studies", name, "trials"]], [`${path[1]}`, ["studies", name, "trials", path[1]]]);
    this.page.path(places);
    this.page.title(wanted.path === "" ? name : `${wanted.name} · ${name}`);
    await this.tab.update();
    this.follow();
  }

  visibleTabs() { return kTabs.filter(tab => tab.path !== "front" || this.objectives.length > 1); }

  showTabs(chosen) {
    fillOnce(this.tabs, [chosen, this.objectives.length], () => this.visibleTabs().map(tab =>
        h("a", {href: address(["studies", this.study.name, ...(tab.path ? [tab.path] : [])]), "aria-current": tab.path === chosen ? "page" : null}, tab.name)));
  }

  async look() {
    this.overview = await this.study.get("overview");
    this.objectives = objectives(this.overview.objectives);
    this.showHead();
  }

  showHead() {
    const {overview, study, page} = this;
    const wanted = this.objectives.map(each => `${each.minimize ? "lowest" : "highest"} ${each.metric}`).join(", ");
    fillOnce(this.head, [overview.state, overview.reason, overview.parameters, wanted, page.role], () => [
      h("div", {class: "head"}, h("h1", {}, study.name), chip(overview.state), h("div", {class: "actions"}, studyActions(study, overview, page.role))),
      h("p", {class: "sub"}, `Wanted: ${wanted}. `, `Search: ${overview.search}. Stopping: ${overview.stop}.`,
          overview.reason && overview.state !== "running" ? ` Ended: ${overview.reason}.` : ""),
    ]);
    const counts = overview.trial_counts, best = overview.best;
    fillOnce(this.figures, [counts, best, overview.spent, overview.budget], () => [
      this.objectives.length === 1 ? this.bestFigure(best) : null,
      totals(overview).map(each => h("div", {class: "figure"}, h("dt", {}, each.name === "trials" ? "trials that have ended" : each.name),
          h("dd", {}, each.used, each.of ? h("span", {class: "more"}, ` of ${each.of}`) : "", each.share === null ? null : meter(each.share)))),
      h("div", {class: "figure"}, h("dt", {}, "what became of them"), h("dd", {}, h("div", {class: "more"}, stateBar(counts)),
          h("div", {class: "more"}, kStates.filter(state => counts[state]).map((state, i) => [i ? ", " : "", `${counts[state].toLocaleString("en")} ${state}`])))),
    ]);
  }

  bestFigure(best) {
    const {metric, minimize} = this.objectives[0];
    return h("div", {class: "figure"}, h("dt", {}, `${minimize ? "lowest" : "highest"} ${metric}`),
        h("dd", {}, best ? number(best.metrics[metric]) : "none yet",
            best ? h("div", {class: "more"}, h("a", {href: address(["studies", this.study.name, "trials", String(best.trial)])}, `trial ${best.trial}`)) : null));
  }

  follow() {
    if (this.live || this.closed) return;
    const from = Math.max(0, this.overview.events - 3 * kNewsKept);
    this.live = new Live(this.study, from, {
      take: event => {
        this.news.unshift(event);
        if (this.news.length > 4 * kNewsKept) this.news.length = 3 * kNewsKept;
      },
      refresh: async () => {
        if (this.closed) return;
        await this.look();
        await this.tab?.update();
      },
      say: state => { if (!this.closed) this.page.say(state); },
    });
  }

  recolour() { this.tab?.recolour?.(); }

  onKey(key) {
    const name = this.study.name;
    if (key === "t") return () => { keep({as: this.asTable ? null : "table"}); this.tab?.update(); };
    if (key === "b" && this.overview?.best) return () => go(["studies", name, "trials", String(this.overview.best.trial)]);
    const tab = this.overview && this.visibleTabs()[Number(key) - 1];
    if (tab) return () => go(["studies", name, ...(tab.path ? [tab.path] : [])]);
    return this.tab?.onKey?.(key);
  }

  close() {
    this.closed = true;
    this.live?.close();
    this.tab?.close();
  }
}

function meter(share) {
  const part = h("i", {});
  part.style.width = `${100 * share}%`;
  return h("div", {class: "meter", role: "img", "aria-label": `${Math.round(100 * share)} % of it used`}, part);
}
