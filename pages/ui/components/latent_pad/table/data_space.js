// Data space beside latent space, for rows of two numbers: the data's points in original units, a handle at what the point
// decodes to, and a pointer whose place is encoded, so that the point goes where the encoder would put it.

import { add } from "../elements.js";
import { fit } from "../overlay.js";
import { tr, trn } from "../../words.js";
import { original } from "./fields.js";
import { PlanePlot } from "./plane_plot.js";

const RAW_MS = 4;
const REST_MS = 400;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP = 0.01; // of the width, an arrow key
const DASHES = { across: [], up: [4, 3] };

export class DataSpace {
  /** Beside `main`, which holds the map; `fields` are two, of numbers. */
  constructor(main, pad, fields) {
    Object.assign(this, { pad, fields, grid: [], followed: 0, wanted: null });
    const panel = document.createElement("section");
    panel.className = "lp-space";
    main.after(panel);
    this.area = add(panel, "div", "lp-space-area");
    this.area.tabIndex = 0;
    this.area.setAttribute("role", "application");
    this.area.setAttribute("aria-label", tr("Data space, {across} across and {up} up. Arrow keys move an example, and the point goes to its code.", { across: fields[0].name, up: fields[1].name }));
    this.plot = new PlanePlot(this.area, fields);
    this.over = add(this.area, "canvas", "lp-layer");
    this.over.dataset.layer = "warped";
    [this.error, this.handle, this.probe] = ["lp-space-error", "lp-handle", "lp-space-probe"].map((name) => add(this.area, "div", name));
    this.handle.dataset.testid = "decoded-handle";
    for (const one of [this.error, this.probe, this.handle]) one.hidden = true;
    this.caption = add(panel, "p", "lp-note");
    new ResizeObserver(() => this.measure()).observe(this.area);
    this.listen();
  }

  /** Fetch the data's points, once; without them the space is still there. */
  async open() {
    if (this.opened) return;
    this.opened = true;
    const { data, samples, map } = this.pad;
    let words = tr("the data are no longer in the workspace");
    try {
      if (data.points) {
        const answer = await fetch(new URL(data.points.url, document.baseURI));
        if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
        const x = new Float32Array(await answer.arrayBuffer()); // [N, 2], standardised
        const groups = samples && map.members ? map.members.map((members, g) => ({ members, colour: map.colourOf(g) })) : [{ members: null, colour: map.colourOf(0) }];
        this.plot.put(x, groups);
        words = trn("{count} point", "{count} points", x.length / 2);
      }
    } catch (error) {
      words = tr("No points: {why}", { why: error.message });
    }
    this.words = words;
    this.measure();
    this.tell();
    this.area.dataset.ready = "true";
  }

  /** Take size and colours anew. */
  measure() {
    this.plot.paint();
    this.paintGrid();
    this.place();
  }

  /** Put the handle where a point decodes to, x [2] standardised. */
  show(values) {
    this.decoded = this.fields.map((field) => original(field, values));
    this.place();
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.tell();
    });
  }

  place() {
    const { decoded, plot } = this;
    if (!decoded || !plot.view) return;
    const inside = put(this.handle, plot.view, decoded);
    this.handle.classList.toggle("lp-beyond", !inside);
    this.handle.hidden = false;
    const isShown = this.isTarget;
    this.probe.hidden = this.error.hidden = !isShown;
    if (!isShown) return;
    put(this.probe, plot.view, this.target);
    const [from, to] = [this.target, decoded].map(([x, y]) => [plot.view.x(x), plot.view.y(y)]);
    const [across, down] = [to[0] - from[0], to[1] - from[1]];
    this.error.style.width = `${Math.hypot(across, down)}px`;
    this.error.style.transform = `translate(${from[0] + plot.view.left}px, ${from[1] + plot.view.top}px) rotate(${Math.atan2(down, across)}rad)`;
  }

  /** Whether what is shown is the reconstruction of the example under the pointer, or of the one that was let go. */
  get isTarget() {
    if (!this.target) return false;
    const { pad, sent } = this;
    return pad.looking === "at the pointer" ? this.isOver : Boolean(sent) && pad.point.z.every((value, i) => value === sent[i]);
  }

  tell() {
    const both = (values) => `(${values.map((value, k) => this.fields[k].write(value)).join(", ")})`;
    const parts = [this.words];
    if (this.decoded) {
      const away = this.isTarget ? Math.hypot(...this.decoded.map((value, k) => value - this.target[k])) : 0;
      const values = both(this.decoded);
      if (this.isTarget) parts.push(tr("{target} is reconstructed as {values}, {distance} away", { target: both(this.target), values, distance: away.toPrecision(2) }));
      else parts.push(tr("decoded: {values}", { values }));
    }
    if (this.handle.classList.contains("lp-beyond")) parts.push(tr("beyond what is in sight"));
    this.caption.textContent = parts.filter(Boolean).join(" · ");
  }

  /** The lines that a grid of the map becomes: { kind: "across" or "up", points [x, y] in original units } each. */
  showGrid(lines) {
    this.grid = lines;
    this.paintGrid();
  }

  paintGrid() {
    const { view } = this.plot;
    if (!view) return;
    const context = fit(this.over, view);
    context.strokeStyle = getComputedStyle(this.area).color;
    context.globalAlpha = 0.6;
    context.lineWidth = 1.2;
    for (const { kind, points } of this.grid) {
      context.setLineDash(DASHES[kind]);
      context.beginPath();
      points.forEach(([x, y]) => context.lineTo(view.x(x), view.y(y)));
      context.stroke();
    }
  }

  /** Encode an example [x, y] in original units, and go to the mean of its code, or only look there; the newest counts. */
  async follow(target, event, isMove) {
    this.wanted = { target, event, isMove };
    if (this.isBusy) return;
    this.isBusy = true;
    const { pad } = this;
    try {
      while (this.wanted && !pad.closed) {
        const { target: place, event: cause, isMove: moves } = this.wanted;
        this.wanted = null;
        const { mean } = await pad.encode(place.map((value, k) => (value - this.fields[k].mean) / this.fields[k].scale));
        if (!moves && !this.isOver) continue;
        this.target = place;
        if (moves) {
          pad.move([...mean], cause);
          this.sent = [...pad.point.z];
        } else pad.look([...mean], cause);
        pad.map.overlay.mark("x", moves ? null : pad.plane.project(mean));
      }
    } catch (error) {
      this.caption.textContent = tr("Not encoded: {why}.", { why: error.message });
    } finally {
      this.isBusy = false;
      if (this.isReleased) this.release();
    }
  }

  release() {
    this.isReleased = this.isBusy;
    if (!this.isBusy) this.pad.settle();
  }

  listen() {
    const { area } = this;
    area.addEventListener("pointerdown", (event) => {
      const place = this.placeOf(event);
      if (!place || event.button !== 0 || !event.isPrimary) return;
      this.isDragging = true;
      area.setPointerCapture(event.pointerId);
      area.focus({ preventScroll: true, focusVisible: false });
      this.follow(place, event, true);
    });
    // as on the map: the raw event comes before the next frame, but maybe a thousand times a second
    area.addEventListener("pointerrawupdate", (event) => event.timeStamp - this.followed < RAW_MS || this.pointed(event));
    area.addEventListener("pointermove", (event) => this.pointed(event));
    for (const name of ["pointerup", "pointercancel"]) {
      area.addEventListener(name, () => {
        if (!this.isDragging) return;
        this.isDragging = false;
        this.release();
      });
    }
    area.addEventListener("pointerleave", () => this.isDragging || this.leave());
    area.addEventListener("keydown", (event) => this.arrow(event));
  }

  pointed(event) {
    if (!event.isPrimary) return;
    // the map hears that the pointer has left it only after the raw event here, and looks back: then the same place counts again
    const isKnown = this.isDragging || this.pad.looking === "at the pointer";
    if (isKnown && event.clientX === this.last?.clientX && event.clientY === this.last?.clientY) return;
    this.last = event;
    this.followed = event.timeStamp;
    const place = this.placeOf(event, this.isDragging);
    this.isOver = Boolean(place);
    if (!place) this.leave();
    else if (this.isDragging || event.buttons === 0) this.follow(place, event, Boolean(this.isDragging));
  }

  leave() {
    this.isOver = false;
    this.pad.map.overlay.mark("x", null);
    this.pad.lookBack();
  }

  arrow(event) {
    const arrow = ARROWS[event.key];
    const { view } = this.plot;
    if (!arrow || !view || !this.decoded) return;
    event.preventDefault();
    const by = STEP * view.width * (event.shiftKey ? 5 : 1);
    const [x, y] = this.wanted?.target ?? (this.isTarget ? this.target : this.decoded);
    this.follow(view.back(view.x(x) + arrow[0] * by, view.y(y) - arrow[1] * by), event, true);
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.pad.closed || this.release(), REST_MS);
  }

  /** The place under the pointer in original units, or null outside the axes; `clamped` keeps to their edge instead. */
  placeOf(event, clamped = false) {
    const { view } = this.plot;
    if (!view) return null;
    const box = this.area.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - view.left, event.clientY - box.top - view.top];
    const [within, also] = [Math.min(Math.max(x, 0), view.width), Math.min(Math.max(y, 0), view.height)];
    return clamped || (within === x && also === y) ? view.back(within, also) : null;
  }
}

/** Move an element over a place, or to the edge next to it; whether the place is in sight. */
function put(element, view, [x, y]) {
  const [across, down] = [view.x(x), view.y(y)];
  const within = [Math.min(Math.max(across, 0), view.width), Math.min(Math.max(down, 0), view.height)];
  element.style.transform = `translate(${within[0] + view.left}px, ${within[1] + view.top}px)`;
  return within[0] === across && within[1] === down;
}
