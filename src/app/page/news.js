// News: events of a log in words, as `pegbox tune` says them.
import {duration, number} from "./format.js";

/** What happened, {text, trial}; null for what is no news (reports, checkpoints). `metric`: the first objective's. */
export function newsOf(event) {
  const {what, kind} = event, trial = what.trial;
  switch (kind) {
    case "study-created": return {text: "the study was made"};
    case "study-changed": return {text: "the study file was changed"};
    case "source-added": return {text: `starts from trials of ${what.study}`};
    case "trial-created":
      return event.author === "user" ? {trial, text: "was added by a person"} : null;
    case "trial-started":
      return {trial, text: what.from > 0 ? `goes on from step ${number(what.from)}` : "starts"};
    case "trial-moved": return moved(what, trial);
    case "note": return what.trial === undefined || what.trial === null ? noted(what) : null;
    default: return null;
  }
}

function moved(what, trial) {
  const why = what.detail ? String(what.detail).split("\n")[0] : "";
  if (what.to === "done") return {trial, text: "is done"};
  const begins = ["paused", "stopped", "failed"].some(word => why.startsWith(word));
  const state = what.failure ? `${what.to} (${what.failure})` : what.to;
  return {trial, text: begins ? why : why ? `${state}: ${why}` : state};
}

function noted(what) {
  if (what.key !== "run" || !what.value) return null;
  const {state, reason} = what.value;
  return {text: reason ? `${state}: ${reason}` : `the study is ${state}`};
}

export const when = event => duration(event.study_time_s);
