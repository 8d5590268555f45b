// A decoded row of a table onto a canvas: every column in its original units as a bar between the data's extremes, and
// what changed against a reference. Of many columns only those in sight are painted, so that dragging stays live.

import { add } from "../elements.js";
import { tr } from "../../words.js";
import { compare, read, share } from "./fields.js";

export const ROW = 42; // of the page's pixels
export const MOST_IN_SIGHT = 12;
const BAR_END = 0.48;
const VALUE_END = 0.7;
const PAD = 8;
const CHANGED_TINT = 0.1;
const FONT = 14;
const SMALL_FONT = 12;
const MOST_MEASURED = 30; // names of a column, for the room that they take

export class Profile {
  /** Puts a canvas that is already in the page into a box that scrolls; `fields` are those of `fieldsOf`. */
  constructor(canvas, fields) {
    Object.assign(this, { canvas, fields, order: fields.map((_, k) => k), scrolled: 0, reference: null, names: new Map() });
    this.box = add(canvas.parentElement, "div", "lp-rows");
    canvas.before(this.box);
    const whole = add(this.box, "div", "lp-rows-all");
    whole.style.height = `${ROW * fields.length}px`;
    whole.append(canvas);
    this.height = ROW * Math.min(fields.length, MOST_IN_SIGHT);
    this.box.style.maxHeight = `${this.height}px`;
    if (fields.length > MOST_IN_SIGHT) {
      this.box.tabIndex = 0; // so that keys can scroll it
      this.box.setAttribute("role", "group");
      this.box.setAttribute("aria-label", tr("All {count} columns, to be scrolled", { count: fields.length }));
    }
    canvas.classList.add("lp-profile");
    canvas.style.height = `${this.height}px`;
    canvas.setAttribute("role", "img");
    this.box.addEventListener("scroll", () => {
      this.scrolled = this.box.scrollTop;
      this.repaint();
    });
    new ResizeObserver(() => this.measure()).observe(this.box);
    this.measure();
  }

  /** Take width and colours anew: once, not while painting, as it makes the browser lay out the page. */
  measure() {
    const width = this.canvas.clientWidth;
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    this.width = width;
    Object.assign(this.canvas, { width: Math.round(width * scale), height: Math.round(this.height * scale) });
    this.context = this.canvas.getContext("2d");
    this.context.scale(scale, scale);
    const style = getComputedStyle(this.canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    this.family = style.fontFamily;
    this.colours = { text: style.color, bar: colour("--st-primary-color"), line: colour("--st-border-color"), changed: colour("--lp-changed"), outside: colour("--lp-outside") };
    this.names.clear();
    this.repaint();
  }

  /** Paint a decoded row, values [D]; with a reference, values likewise, also what differs from it. */
  paint(values, reference = null) {
    Object.assign(this, { values, reference });
    this.repaint();
  }

  repaint() {
    const { context, values, fields, order } = this;
    if (!context || !values) return;
    context.clearRect(0, 0, this.width, this.height);
    context.textBaseline = "middle";
    const first = Math.floor(this.scrolled / ROW);
    const last = Math.min(Math.ceil((this.scrolled + this.height) / ROW), order.length);
    for (let k = first; k < last; k += 1) this.paintRow(fields[order[k]], k * ROW - this.scrolled);
  }

  paintRow(field, top) {
    const { context, width, values, reference, colours } = this;
    const { text, place, flag } = read(field, values);
    const change = reference ? compare(field, values, reference) : null;
    const middle = top + 13;
    if (change?.isNotable) {
      context.globalAlpha = CHANGED_TINT;
      context.fillStyle = colours.changed;
      context.fillRect(0, top + 1, width, ROW - 2);
      context.globalAlpha = 1;
      context.fillRect(0, top + 1, 3, ROW - 2);
    }
    const { name, width: taken } = this.nameOf(field);
    this.write(name, PAD, middle, "left", colours.text, FONT);
    this.write(text, width * VALUE_END, middle, "right", flag ? colours.outside : colours.text, FONT, change?.isNotable || flag, width * VALUE_END - taken - 2 * PAD);
    if (change?.text) this.write(change.text, width - PAD, middle, "right", change.isNotable ? colours.changed : colours.text, FONT, change.isNotable, width * (0.98 - VALUE_END) - PAD);
    this.paintBar(field, place, top + 30, change);
    if (flag) this.write(flag, width - PAD, top + 30, "right", colours.outside, SMALL_FONT, true, width * (1 - BAR_END) - 2 * PAD);
  }

  /** From the data's smallest value to its largest; the reference is a tick, and the way from it is marked. */
  paintBar(field, place, middle, change) {
    const { context, values, reference, colours } = this;
    const width = this.width * BAR_END - PAD;
    const end = PAD + width * share(field, values, place);
    context.fillStyle = colours.line;
    context.fillRect(PAD, middle - 1, width, 2);
    context.fillStyle = colours.bar;
    context.fillRect(PAD, middle - 5, Math.max(end - PAD, 1), 10);
    if (!reference) return;
    const from = PAD + width * share(field, reference, place);
    if (change.isNotable) {
      context.fillStyle = colours.changed;
      context.fillRect(Math.min(from, end), middle + 5, Math.abs(end - from), 3);
    }
    context.fillStyle = colours.text;
    context.fillRect(from - 1, middle - 9, 2, 18);
  }

  write(text, x, y, align, colour, size, isBold = false, most = undefined) {
    const { context } = this;
    context.font = `${isBold ? "600 " : ""}${size}px ${this.family}`;
    context.textAlign = align;
    context.fillStyle = colour;
    context.fillText(text, x, y, most);
  }

  /** A column's name, cut to what its usual values leave; { name, width } is kept, as measuring takes longer than writing. */
  nameOf(field) {
    const known = this.names.get(field.start);
    if (known) return known;
    const { context } = this;
    context.font = `600 ${FONT}px ${this.family}`;
    const measure = (text) => context.measureText(text).width;
    const values = field.isNumeric ? [field.write(field.low), field.write(field.high)] : field.categories.map((name) => `${name}${field.probabilities ? " 99 %" : ""}`);
    const whole = this.width * VALUE_END - 3 * PAD;
    const most = Math.max(whole - Math.max(...values.slice(0, MOST_MEASURED).map(measure)), 0.4 * whole);
    let { name } = field;
    while (name.length > 1 && measure(name) > most) name = `${name.replace(/…$/, "").slice(0, -1).trimEnd()}…`;
    const found = { name, width: measure(name) };
    this.names.set(field.start, found);
    return found;
  }
}

/** A row in little: bars alone, as many as there are columns. */
export function paintBars(canvas, fields, values) {
  const side = 144;
  Object.assign(canvas, { width: side, height: side });
  const context = canvas.getContext("2d");
  context.fillStyle = getComputedStyle(canvas).getPropertyValue("--st-primary-color");
  const step = side / fields.length;
  fields.forEach((field, k) => context.fillRect(4, (k + 0.15) * step, Math.max((side - 8) * share(field, values, read(field, values).place), 1), 0.7 * step));
}
