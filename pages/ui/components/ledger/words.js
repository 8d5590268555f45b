// Numbers as they are written here.

import { tr } from "../words.js";

/** Nats: two decimals, more for what is small. */
export function nats(value) {
  return written(value, 2);
}

/** The fewest decimals, from two on, with which rounded parts add up to their rounded total. */
export function decimalsThatAddUp(parts, total) {
  for (let decimals = 2; decimals < 5; decimals += 1) {
    const unit = 10 ** decimals;
    if (parts.reduce((so_far, part) => so_far + Math.round(part * unit), 0) === Math.round(total * unit)) return decimals;
  }
  return 2;
}

export function written(value, decimals) {
  if (!Number.isFinite(value)) return tr("no number");
  const size = Math.abs(value);
  if (value !== 0 && size < 10 ** -decimals / 2) return small(value);
  return minus(value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}

/** As 3 × 10⁻⁷. */
export function small(value) {
  if (value === 0) return "0";
  const [digits, power] = value.toExponential(0).split("e");
  const raised = [...power.replace("+", "")].map((sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)])).join("");
  return minus(`${digits} × 10${raised}`);
}

export function sum(values) {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function minus(text) {
  return text.replace("-", "−");
}
