// The page: which view the address wants, the theme, the keys, who is looking.
import {about, ServerError, token} from "./api.js";
import {askToken, showKeys} from "./dialogs.js";
import {fill, h} from "./dom.js";
import {address, go, here} from "./router.js";
import {StudiesView} from "./views/studies.js";
import {StudyView} from "./views/study.js";

const main = document.getElementById("main"), banner = document.getElementById("banner"), link = document.getElementById("link");
let view = null, role = null, shown = "";

// Themes: as the system has it, light, dark.
const kThemes = ["auto", "light", "dark"], darkness = matchMedia("(prefers-color-scheme: dark)");
const setting = (name, otherwise) => localStorage.getItem(`pegbox-${name}`) ?? otherwise;

function applyTheme() {
  const theme = setting("theme", "auto");
  document.documentElement.dataset.theme = theme === "auto" ? (darkness.matches ? "dark" : "light") : theme;
  document.getElementById("theme").textContent = theme === "auto" ? "Theme: auto" : `Theme: ${theme}`;
  view?.recolour?.();
}

function nextTheme() {
  localStorage.setItem("pegbox-theme", kThemes[(kThemes.indexOf(setting("theme", "auto")) + 1) % kThemes.length]);
  applyTheme();
}

// What views may use of the page.
const page = {
  get role() { return role; },
  say(state) {
    link.className = `link ${state === "live" ? "live" : state ? "lost" : ""}`;
    link.textContent = {live: "live", lost: "no answer", gone: "gone"}[state] ?? "";
    banner.hidden = state !== "lost";
    if (state === "lost") banner.textContent = "The server does not answer; trying again. If a `pegbox tune --serve` has ended, `pegbox serve` shows its study.";
  },
  path(parts) {
    fill(document.getElementById("path"), parts.map(([text, path], i) => [i > 0 ? " / " : "",
      h("a", {href: address(path), "aria-current": i === parts.length - 1 ? "page" : null}, text)]));
  },
  title(text) { document.title = text ? `${text} · pegbox` : "pegbox"; },
};

async function whoLooks() {
  for (let why = "";;) {
    try {
      role = (await about()).role;
      return;
    } catch (error) {
      if (!(error instanceof ServerError) || ![401, 403].includes(error.status)) throw error;
      const given = await askToken(token.get() ? error.message : why);
      token.set(given ?? "");
      why = error.message;
    }
  }
}

async function show() {
  const {path, query} = here();
  const frame = path.slice(0, 2).join("/");
  try {
    if (role === null) await whoLooks();
    if (view === null || frame !== shown) {
      view?.close();
      page.say("");
      shown = frame;
      view = path[0] === "studies" && path.length > 1 ? new StudyView(path[1], page) : new StudiesView(page);
      fill(main, view.element);
    }
    await view.show(path.slice(2), query);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ServerError)) console.error(error);
    view?.close();
    view = null;
    fill(main, h("div", {class: "card"}, h("h1", {}, error.status === 404 ? "Not there" : "It could not be shown"), h("p", {}, error.message),
        h("p", {}, h("a", {href: "#/"}, "All studies"), " · ", h("button", {type: "button", onclick: show}, "Try again"))));
  }
}

// Keys: one letter each, where nothing is written and no dialog is open.
const kKeys = [["?", "these keys"], ["g", "all studies"], ["1 ... 7", "the views of a study"], ["t", "plots as tables and back"],
               ["j, k", "the next trial, the one before"], ["b", "the best trial"], ["d", "dark, light, as the system"]];
const keysAreOn = () => setting("keys", "on") === "on";
const help = () => showKeys(kKeys, keysAreOn(), on => localStorage.setItem("pegbox-keys", on ? "on" : "off"));

function onKey(event) {
  const writes = event.target.closest?.("input:not([type=radio]), select, textarea, dialog");
  if (event.ctrlKey || event.metaKey || event.altKey || writes || !keysAreOn()) return;
  const acts = {"?": help, g: () => go([]), d: nextTheme}[event.key] ?? (view?.onKey?.(event.key) || null);
  if (!acts) return;
  event.preventDefault();
  if (typeof acts === "function") acts();
}

document.getElementById("theme").addEventListener("click", nextTheme);
document.getElementById("help").addEventListener("click", help);
document.addEventListener("keydown", onKey);
darkness.addEventListener("change", applyTheme);
addEventListener("hashchange", show);
applyTheme();
show();
