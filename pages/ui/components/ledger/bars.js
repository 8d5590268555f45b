// Nats as horizontal bars, a row each: of many the largest, and the rest summed in one.

import { add } from "../latent_pad/elements.js";
import { nats, sum } from "./words.js";

const MOST = 64;

export class Bars {
  /** `columns` are the titles of what stands beside the name and of the numbers. */
  constructor(parent, caption, columns) {
    const box = add(parent, "div", "el-bars-box");
    box.tabIndex = 0; // so that keys can scroll it
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", caption);
    this.table = add(box, "table", "el-bars");
    this.columns = columns;
  }

  /**
   * Rows of { name, detail, value, second }: a bar of `value`, and beside it, where there is one, a thinner bar of
   * `second`. `restOf(count)` names the rest.
   */
  show(rows, restOf) {
    const { table, columns } = this;
    const shown = shorten(rows, restOf);
    const hasSecond = rows.some(({ second }) => second !== undefined);
    const single = shown.filter(({ isRest }) => !isRest); // the rest may be larger than all of them
    const numbers = single.flatMap(({ value, second }) => (second === undefined ? [value] : [value, second]));
    const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
    table.replaceChildren();
    const head = add(add(table, "thead"), "tr");
    for (const title of hasSecond ? columns : columns.slice(0, -1)) Object.assign(add(head, "th"), { scope: "col", textContent: title });
    const body = add(table, "tbody");
    for (const { name, detail, value, second, isRest } of shown) {
      const row = add(body, "tr");
      Object.assign(add(row, "th"), { scope: "row", textContent: name, title: name });
      if (detail !== undefined) Object.assign(add(row, "td", "el-detail"), { textContent: detail, title: detail });
      const track = add(add(row, "td", "el-track"), "div");
      const isBeyond = isRest && (value > high || value < low);
      bar(track, 0, Math.min(Math.max(value, low), high), low, high, `el-kl-bar${isBeyond ? " el-beyond" : ""}`);
      if (second !== undefined && !isRest) bar(track, 0, second, low, high, "el-second-bar");
      for (const number of second === undefined ? [value] : [value, second]) add(row, "td", "el-number").textContent = nats(number);
    }
  }
}

/** A bar from one number to another on an axis from low to high. */
export function bar(track, from, to, low, high, className) {
  const share = (value) => (high > low ? (100 * (value - low)) / (high - low) : 0);
  const [left, right] = [share(Math.min(from, to)), share(Math.max(from, to))];
  const made = add(track, "i", className);
  Object.assign(made.style, { left: `${left}%`, width: `max(${right - left}%, 1px)` });
  return made;
}

function shorten(rows, restOf) {
  if (rows.length <= MOST) return rows;
  const ordered = rows.toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const rest = ordered.slice(MOST);
  const last = { name: restOf(rest.length), value: sum(rest.map(({ value }) => value)), isRest: true };
  if (rows[0].detail !== undefined) last.detail = "";
  if (rows[0].second !== undefined) last.second = sum(rest.map(({ second }) => second));
  return [...ordered.slice(0, MOST), last];
}
