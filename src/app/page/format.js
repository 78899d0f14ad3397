// Numbers, times and words as people read them.

/** Five digits: "0.00012346", "1.2346e-7". */
export function number(value, digits = 5) {
  if (value === null || value === undefined || value === "") return "";
  if (typeof value === "string") return value;  // "nan", "inf", "-inf"
  if (value === 0 || Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude < 1e-4 || magnitude >= 1e7) return value.toExponential(Math.max(0, digits - 2)).replace(/\.?0+e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(digits)));
}

/** A hyperparameter's value. */
export function value(given) {
  if (given === null || given === undefined) return "";
  return typeof given === "number" ? number(given) : String(given);
}

/** "850 ms", "42 s", "3 m 20 s", "2 h 5 m". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(seconds < 10 ? 2 : 3))} s`;
  const whole = Math.round(seconds), minutes = Math.floor(whole / 60), hours = Math.floor(minutes / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} m ${whole % 60} s` : `${minutes} m`;
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} m` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "950", "12.3 k", "4.1 M", "2 G". */
export function count(amount) {
  if (amount === null || amount === undefined) return "";
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]])
    if (Math.abs(amount) >= (unit === "k" ? 1e4 : size)) return `${Number((amount / size).toPrecision(3))} ${unit}`;
  return String(Number(amount.toPrecision(6)));
}

/** "1 trial", "3 trials". */
export const plural = (amount, noun) => `${amount.toLocaleString("en")} ${noun}${amount === 1 ? "" : "s"}`;

/** "61 %". */
export const percent = share => `${Number((100 * share).toPrecision(share < 0.1 ? 2 : 3))} %`;

/** A study's first objective in words: "lowest loss". */
export const extreme = objective => objective.minimize ? "lowest" : "highest";

/** [{minimize, metric}] of the server's [{"minimize": metric}]. */
export const objectives = list => list.map(each => ("minimize" in each ? {minimize: true, metric: each.minimize}
                                                                       : {minimize: false, metric: each.maximize}));

export const sameValue = (a, b) => a === b || (typeof a === "number" && typeof b === "number" &&
                                               Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)));
