// Dialogs: questions, forms and short messages.
import {fill, h} from "./dom.js";

export function toast(text) {
  const line = h("div", {}, text);
  document.getElementById("toast").append(line);
  setTimeout(() => line.remove(), 6000);
}

/** Shows a dialog; resolves with what was chosen, null for Escape. `make(close)` gives its content. */
export function open(make, label) {
  return new Promise(done => {
    const dialog = h("dialog", {"aria-label": label, onclose: () => { dialog.remove(); done(dialog.chosen ?? null); }});
    const close = chosen => { dialog.chosen = chosen; dialog.close(); };
    fill(dialog, make(close, dialog));
    document.body.append(dialog);
    dialog.showModal();
  });
}

export const confirm = (title, text, yes) => open(close => [
  h("h2", {}, title), h("p", {}, text),
  h("div", {class: "end"}, h("button", {type: "button", onclick: () => close(null)}, "Cancel"),
      h("button", {type: "button", class: "main", onclick: () => close(true)}, yes)),
], title);

/** The keys: [[key, what it does]]. */
export const showKeys = (keys, areOn, turn) => open(close => [
  h("h2", {}, "Keys"),
  h("table", {}, h("thead", {class: "unseen"}, h("tr", {}, h("th", {scope: "col"}, "key"), h("th", {scope: "col"}, "does"))),
      h("tbody", {}, keys.map(([key, does]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, does))))),
  h("p", {}, h("label", {}, h("input", {type: "checkbox", checked: areOn, onchange: event => turn(event.target.checked)}), " single keys work")),
  h("div", {class: "end"}, h("button", {type: "button", class: "main", onclick: () => close(true)}, "Close")),
], "Keys");

/** Asks for a token; resolves with it. */
export const askToken = why => open(close => {
  const input = h("input", {type: "password", autocomplete: "off", required: true, id: "token", spellcheck: "false"});
  return h("form", {onsubmit: event => { event.preventDefault(); close(input.value.trim()); }},
      h("h2", {}, "This server wants a token"),
      h("p", {}, "Whoever runs it makes one: ", h("code", {}, "pegbox serve --new-token read --tokens FILE"), ". It is kept in this tab alone."),
      h("p", {}, h("label", {for: "token"}, "Token"), " ", input),
      why ? h("p", {class: "wrong", role: "alert"}, why) : null,
      h("div", {class: "end"}, h("button", {class: "main"}, "Use it")));
}, "Token");

/** The control for one hyperparameter's value; empty: it is drawn. */
function control(parameter, name, given) {
  if (parameter.choices.length > 0 && parameter.kind !== "fixed") {
    const index = parameter.choices.findIndex(each => each === given);
    return h("select", {name}, h("option", {value: ""}, "to be drawn"),
        parameter.choices.map((each, i) => h("option", {value: String(i), selected: i === index}, String(each))));
  }
  return h("input", {name, type: "text", inputmode: "decimal", autocomplete: "off", placeholder: "to be drawn",
                     value: given === undefined || given === null ? "" : String(given)});
}

function read(parameter, text) {
  if (parameter.choices.length > 0) return parameter.choices[Number(text)];
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/** A form for a configuration to be tried; `given` fills it. `submit(config)` may throw what is then shown. */
export const askConfig = (title, parameters, given, submit) => open((close, dialog) => {
  const wrong = h("p", {class: "wrong", role: "alert"});
  const fields = parameters.filter(each => each.kind !== "fixed").flatMap(each => each.names.map(name => ({parameter: each, name})));
  const form = h("form", {onsubmit: async event => {
    event.preventDefault();
    const config = {};
    for (const {parameter, name} of fields) {
      const text = form.elements.namedItem(name).value.trim();
      if (text !== "") config[name] = read(parameter, text);
    }
    fill(wrong);
    try { await submit(config); close(true); } catch (error) { fill(wrong, error.message); }
  }},
      h("h2", {}, title),
      h("p", {class: "dim"}, "What is left open is drawn. It is tried before what the search would choose next."),
      h("div", {class: "form"}, fields.map(({parameter, name}, i) => [
        h("label", {for: `field${i}`}, name), Object.assign(control(parameter, name, given[name]), {id: `field${i}`}),
        h("div", {class: "words"}, parameter.words),
      ])),
      wrong,
      h("div", {class: "end"}, h("button", {type: "button", onclick: () => close(null)}, "Cancel"), h("button", {class: "main"}, "Add it")));
  return form;
}, title);
