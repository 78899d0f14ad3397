// The address: "#/studies/mine/curves?metric=loss" keeps which view is shown, and how.

export function here() {
  const hash = location.hash.startsWith("#/") ? location.hash.slice(2) : "";
  const mark = hash.indexOf("?");
  const path = (mark < 0 ? hash : hash.slice(0, mark)).split("/").filter(part => part).map(part => {
    try { return decodeURIComponent(part); } catch { return part; }
  });
  return {path, query: new URLSearchParams(mark < 0 ? "" : hash.slice(mark + 1))};
}

export function address(path, query = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "")).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? "?" + text : ""}`;
}

/** Changes how the present view is shown, in its address too; nothing is loaded anew. */
export function keep(changes) {
  const {path, query} = here();
  for (const [name, value] of Object.entries(changes))
    value === null || value === undefined || value === "" ? query.delete(name) : query.set(name, value);
  history.replaceState(null, "", address(path, Object.fromEntries(query)));
}

export const go = (path, query = {}) => { location.hash = address(path, query); };
