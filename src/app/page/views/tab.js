// What the views of a study have in common: cards that are plots or tables, and how they are shown is kept in the address.
import {choice, fill, h} from "../dom.js";
import {here, keep} from "../router.js";

export class Tab {
  constructor(view) {
    this.view = view;
    this.study = view.study;
    this.cards = [];
    this.element = h("div", {class: "stack"});
  }

  /** How it is shown: a name of the address's query. */
  wanted(name, otherwise) { return here().query.get(name) ?? otherwise; }

  change(changes) {
    keep(changes);
    this.update();
  }

  /** Plots or tables. */
  asChoice(id = "as") {
    const chosen = this.view.asTable ? "table" : "plot";
    return choice("Show as", `${id}-choice`, [["plot", "Plot"], ["table", "Table"]], chosen, as => this.change({as: as === "table" ? "table" : null}));
  }

  /** Controls of a card, made anew where they would be others. */
  controls(card, key, make) {
    const text = JSON.stringify([key, this.view.asTable]);
    if (card.controlsKey === text) return;
    card.controlsKey = text;
    fill(card.controls, make());
  }

  recolour() { for (const card of this.cards) card.recolour(); }

  close() {
    this.closed = true;
    for (const card of this.cards) card.close();
  }
}
