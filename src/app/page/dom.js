// Elements made from values. Text becomes text nodes, never markup: what studies say is shown as it is.

/** An element. `props`: attributes; "on..." are listeners, `class` and `data-...` as in HTML; null and false are left out. */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Puts these in the place of all that is in it. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/** The same, unless it would show the same again: what has the focus or is selected stays. `key` says what it shows. */
export function fillOnce(element, key, make) {
  const text = JSON.stringify(key);
  if (element.shownKey === text) return false;
  element.shownKey = text;
  fill(element, make());
  return true;
}

/** A table. `heads`: texts, or {text, number: right-aligned, head: element}; rows: lists of texts and elements. */
export function table(heads, rows, props = {}) {
  const columns = heads.map(head => (typeof head === "string" ? {text: head} : head));
  const cells = row => row.map((cell, i) => h(i === 0 && props.rowHeads ? "th" : "td",
      {class: columns[i]?.number ? "number" : null, scope: i === 0 && props.rowHeads ? "row" : null}, cell));
  return h("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": props.label ?? "table"},
      h("table", {class: props.class ?? null},
          h("thead", {}, h("tr", {}, columns.map(head => h("th",
              {scope: "col", class: head.number ? "number" : null, "aria-sort": head.sorted ?? null}, head.head ?? head.text)))),
          h("tbody", {}, rows.map(row => h("tr", {class: row.class ?? null}, cells(row.cells ?? row))))));
}

/** A choice among few: looks like buttons, works like radio buttons. `choices`: [[value, text]]. */
export function choice(label, name, choices, chosen, onchoose) {
  return h("fieldset", {class: "choice"}, h("legend", {class: "unseen"}, label),
      choices.map(([value, text]) => h("label", {},
          h("input", {type: "radio", name, value, checked: value === chosen, onchange: () => onchoose(value)}),
          h("span", {}, text))));
}

/** A list to choose from: `choices` as above. */
export function select(label, choices, chosen, onchoose) {
  const list = h("select", {onchange: () => onchoose(list.value)},
      choices.map(([value, text]) => h("option", {value, selected: value === chosen}, text)));
  return h("label", {class: "select"}, h("span", {}, label), list);
}
