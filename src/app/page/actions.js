// Actions: what a person may want of a study and its trials. The server checks the role again.
import {h} from "./dom.js";
import {askConfig, confirm, toast} from "./dialogs.js";

const button = (text, onclick, props = {}) => h("button", {type: "button", onclick, ...props}, text);

async function attempt(study, what, body, said) {
  try {
    await study.post(what, body);
    toast(said);
  } catch (error) { toast(error.message); }
}

export function addConfig(study, overview, given = {}, title = "Add a configuration") {
  return askConfig(title, overview.parameters, given, async config => {
    await study.post("enqueue", {config});
    toast("Added: it will be tried next.");
  });
}

/** Buttons for a study in its state; none for who may only look. */
export function studyActions(study, overview, role) {
  if (role !== "administer") return [];
  if (overview.state === "running")
    return [
      button("Add a configuration", () => addConfig(study, overview)),
      button("Pause", () => attempt(study, "pause", {}, "Asked to pause: running trials save first.")),
      button("Stop", async () => {
        if (await confirm("Stop the study?", "Trials that run or wait are given up; results stay.", "Stop it"))
          attempt(study, "stop", {}, "Asked to stop.");
      }),
    ];
  if (["paused", "interrupted"].includes(overview.state))
    return [button("Go on", async () => {
      const why = "Workers of this server (pegbox worker) take its trials then. A study that pegbox tune ran goes on by the same command there.";
      if (await confirm("Go on with the study?", why, "Go on")) attempt(study, "resume", {}, "It goes on.");
    })];
  return [];
}

export function trialActions(study, overview, trial, role) {
  if (role !== "administer" || overview.state !== "running") return [];
  const actions = [button("Try a variation", () => addConfig(study, overview, trial.config, `A variation of trial ${trial.number}`))];
  const about = what => `trials/${trial.number}/${what}`;
  if (["running", "waiting"].includes(trial.state))
    actions.push(button("Pause", () => attempt(study, about("pause"), {}, `Trial ${trial.number} was asked to pause.`)));
  if (trial.state === "paused")
    actions.push(button("Go on", () => attempt(study, about("resume"), {}, `Trial ${trial.number} will go on.`)));
  if (["running", "waiting", "paused"].includes(trial.state))
    actions.push(button("Stop", () => attempt(study, about("stop"), {}, `Trial ${trial.number} was asked to stop.`)));
  return actions;
}
