// States of trials and studies: colour, mark and name. Colours are those of Okabe and Ito, told apart by every eye; marks
// tell them apart without.
import {h} from "./dom.js";

export const kStates = ["done", "running", "paused", "stopped", "failed", "infeasible", "waiting"];

const kMarks = {
  done: {symbol: "circle", sign: "●"}, running: {symbol: "circle-open", sign: "○"}, paused: {symbol: "square", sign: "■"},
  stopped: {symbol: "x", sign: "✕"}, failed: {symbol: "triangle-up", sign: "▲"},
  infeasible: {symbol: "diamond-open", sign: "◇"}, waiting: {symbol: "circle-open-dot", sign: "◌"},
  finished: {sign: "✓"}, interrupted: {sign: "▲"}, damaged: {sign: "▲"},
};

export const symbol = state => kMarks[state]?.symbol ?? "circle";

/** "● done", the sign in the state's colour. */
export const chip = (state, more = "") => h("span", {class: `chip state-${state}`},
    h("span", {class: "sign", "aria-hidden": "true"}, kMarks[state]?.sign ?? "•"), more ? `${state} (${more})` : state);
