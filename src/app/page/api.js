// The server: requests with the token of this tab, and the log as it grows.

const kTokenName = "pegbox-token";

export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;  // of HTTP; 0: the server did not answer
  }
}

export const token = {
  get: () => sessionStorage.getItem(kTokenName) ?? "",
  set: text => text ? sessionStorage.setItem(kTokenName, text) : sessionStorage.removeItem(kTokenName),
};

async function send(path, options = {}) {
  const headers = {...options.headers};
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  let response;
  try {
    response = await fetch(path, {...options, headers, cache: "no-store"});
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError(0, "the server does not answer");
  }
  if (response.ok) return response;
  let message = `the server answered ${response.status}`;
  try {
    message = (await response.json()).error.message;
  } catch { /* no JSON: the status says it */ }
  throw new ServerError(response.status, message);
}

const query = values => {
  const pairs = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return pairs.length ? "?" + pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&") : "";
};

export const about = async () => (await send("api")).json();
export const studies = async () => (await send("api/studies")).json();

/** A study: all paths below it. */
export class Study {
  constructor(name) {
    this.name = name;
    this.path = `api/studies/${encodeURIComponent(name)}`;
  }

  async get(what, values = {}) { return (await send(`${this.path}/${what}${query(values)}`)).json(); }

  async post(what, body = {}) {
    const options = {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body)};
    return (await send(`${this.path}/${what}`, options)).json();
  }

  /** Calls `take(event)` for each event from `from` on, until `signal` is aborted or the connection breaks. */
  async follow(from, take, signal) {
    const response = await send(`${this.path}/events?from=${from}`, {signal});
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = "";;) {
      const {done, value} = await reader.read();
      if (done) return;
      text += value;
      for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
        const data = text.slice(0, end).split("\n").filter(line => line.startsWith("data: ")).map(line => line.slice(6)).join("\n");
        if (data) take(JSON.parse(data));
      }
    }
  }
}
