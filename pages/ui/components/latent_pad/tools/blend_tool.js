// A palette: several anchors at the corners of a polygon, and a place within it that blends them.

import { add, button } from "../elements.js";
import { Latest } from "../latest.js";
import { formatLatent, parseLatent } from "../link.js";
import { offscreen } from "../picture.js";
import { tr } from "../../words.js";
import { clampInto, weightsAt } from "./barycentric.js";
import { choosePictures } from "./example.js";

const MOST = 8;
const RADIUS = 0.36; // of the palette's side
const CORNER = 0.13;
const STEP = 0.02; // of an arrow key
const LETTERS = "ABCDEFGH";

export class BlendTool {
  constructor(panel, pad) {
    Object.assign(this, { pad, anchors: [], place: [0.5, 0.5], latest: new Latest() });
    const row = add(panel, "div", "lp-input-row");
    this.canvas = add(row, "canvas", "lp-palette");
    this.canvas.dataset.testid = "palette";
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "slider");
    this.canvas.setAttribute("aria-label", tr("Palette: arrow keys blend the anchors"));
    this.listen();
    const right = add(row, "div", "lp-input-result");
    this.status = add(right, "p", "lp-status");
    this.status.setAttribute("role", "status");
    const buttons = add(right, "div", "lp-bar");
    button(buttons, tr("Add the point"), tr("The point as it stands becomes an anchor")).addEventListener("click", () => this.append(pad.point.z));
    button(buttons, tr("Add a sample"), tr("The code of a sample taken at random")).addEventListener("click", () => {
      if (pad.samples) this.append(pad.samples.code(Math.floor(Math.random() * pad.samples.count)));
    });
    if (!pad.data.columns && pad.data.has_encoder) choosePictures(buttons, tr("Add my pictures"), pad, (z) => this.append(z), (words) => (this.status.textContent = words)); // prettier-ignore
    button(buttons, tr("Clear"), tr("Take all anchors away")).addEventListener("click", () => this.set([]));
    this.list = add(right, "div", "lp-anchors");
    this.tell();
  }

  append(z) {
    if (this.anchors.length === MOST) return (this.status.textContent = tr("A palette holds {most} anchors: take one away first.", { most: MOST }));
    return this.set([...this.anchors.map((anchor) => anchor.z), [...z]]);
  }

  /** These latents become the anchors. */
  async set(latents) {
    const before = new Map(this.anchors.map((anchor) => [formatLatent(anchor.z), anchor]));
    this.anchors = latents.map((z) => before.get(formatLatent(z)) ?? { z, picture: null });
    this.place = [0.5, 0.5];
    this.isTouched = false;
    this.pad.remember("anchors", latents.map(formatLatent).join(";"));
    this.show();
    if (this.pad.data.columns) return;
    await this.fill();
  }

  /** Pictures for the anchors that have none. */
  async fill() {
    const isLatest = this.latest.begin();
    for (const anchor of this.anchors.filter(({ picture }) => !picture)) {
      const picture = offscreen(await this.pad.decode(anchor.z), this.pad.data.shape);
      if (!isLatest()) return;
      anchor.picture = picture;
    }
    this.paint();
  }

  relabel() {
    if (this.pad.data.columns) return;
    for (const anchor of this.anchors) anchor.picture = null;
    this.fill();
  }

  show() {
    this.list.replaceChildren();
    this.anchors.forEach((anchor, k) => {
      const title = tr("Take anchor {letter} away", { letter: LETTERS[k] });
      const one = button(this.list, `${LETTERS[k]} ×`, title);
      one.setAttribute("aria-label", title);
      one.addEventListener("click", () => this.set(this.anchors.filter((other) => other !== anchor).map(({ z }) => z)));
    });
    this.tell();
    this.draw();
  }

  /** Corners of the polygon, clockwise from the top, in units of the palette's side. */
  get corners() {
    return this.anchors.map((_, k) => {
      const angle = (2 * Math.PI * k) / this.anchors.length - Math.PI / 2;
      return [0.5 + RADIUS * Math.cos(angle), 0.5 + RADIUS * Math.sin(angle)];
    });
  }

  get weights() {
    return this.anchors.length ? weightsAt(this.place, this.corners) : [];
  }

  /** The point becomes the blend at a place of the palette. */
  go(place, event) {
    if (this.anchors.length < 2) return;
    this.isTouched = true;
    this.place = clampInto(place, this.corners);
    const { weights, anchors } = this;
    this.pad.move(this.pad.point.z.map((_, i) => anchors.reduce((sum, { z }, k) => sum + weights[k] * z[i], 0)), event);
    this.tell();
    this.paint();
  }

  tell() {
    const { weights } = this;
    if (this.anchors.length < 2) {
      this.status.textContent = tr("Add two or more anchors: they become the corners of a palette. Drag within it to blend them.");
      this.canvas.setAttribute("aria-valuetext", tr("no anchors yet"));
      return;
    }
    if (!this.isTouched) {
      this.status.textContent = tr("Drag the dot within the palette: the point becomes a blend of the anchors.");
      this.canvas.setAttribute("aria-valuetext", tr("not blended yet"));
      return;
    }
    const words = weights.map((weight, k) => `${LETTERS[k]} ${Math.round(100 * weight)} %`).join(", ");
    this.status.textContent = tr("Blend: {shares}", { shares: words });
    this.canvas.setAttribute("aria-valuetext", words);
  }

  paint() {
    const { canvas, corners } = this;
    const scale = window.devicePixelRatio || 1;
    const side = Math.round(canvas.clientWidth);
    Object.assign(canvas, { width: side * scale, height: side * scale });
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const colour = getComputedStyle(canvas).color;
    Object.assign(context, { strokeStyle: colour, fillStyle: colour, lineWidth: 1.5, textAlign: "center", textBaseline: "middle", font: "600 14px sans-serif" });
    context.beginPath();
    corners.forEach(([x, y]) => context.lineTo(x * side, y * side));
    context.closePath();
    context.stroke();
    context.imageSmoothingEnabled = false;
    corners.forEach(([x, y], k) => {
      const { picture } = this.anchors[k];
      const [left, top, size] = [(x - CORNER) * side, (y - CORNER) * side, 2 * CORNER * side];
      if (picture) context.drawImage(picture, left, top, size, size);
      else context.clearRect(left, top, size, size);
      context.strokeRect(left, top, size, size);
      if (picture) badge(context, LETTERS[k], left + 10, top + 10);
      else context.fillText(LETTERS[k], x * side, y * side);
    });
    if (corners.length < 2) return;
    context.beginPath();
    context.arc(this.place[0] * side, this.place[1] * side, 9, 0, 2 * Math.PI);
    context.fillStyle = getComputedStyle(canvas).getPropertyValue("--st-primary-color");
    context.fill();
    Object.assign(context, { strokeStyle: "#fff", lineWidth: 3 });
    context.stroke();
  }

  listen() {
    const { canvas } = this;
    const placeOf = (event) => {
      const box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!event.isPrimary || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.isDragging = true;
      this.go(placeOf(event), event);
    });
    canvas.addEventListener("pointermove", (event) => this.isDragging && event.isPrimary && this.go(placeOf(event), event));
    const release = () => {
      if (!this.isDragging) return;
      this.isDragging = false;
      this.pad.settle();
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("keydown", (event) => {
      const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!arrow) return;
      event.preventDefault();
      this.go([this.place[0] + STEP * arrow[0], this.place[1] + STEP * arrow[1]], event);
    });
    canvas.addEventListener("keyup", (event) => event.key.startsWith("Arrow") && this.pad.settle());
    new ResizeObserver(() => this.paint()).observe(canvas);
  }

  /** The anchors on the map, by their letters, and the sides between them. */
  draw() {
    const { pad, anchors } = this;
    const places = anchors.map(({ z }) => pad.plane.project(z));
    pad.map.overlay.draw(places.length > 1 ? [{ colour: "#666", points: [...places, places[0]] }] : []);
    [...LETTERS].forEach((letter, k) => pad.map.overlay.mark(letter, places[k] ?? null));
    this.paint();
  }

  open() {
    const text = this.pad.link.view.anchors ?? "";
    const latents = text.split(";").map((one) => parseLatent(one, this.pad.data.latents)).filter(Boolean).slice(0, MOST); // prettier-ignore
    if (text !== this.anchors.map(({ z }) => formatLatent(z)).join(";")) this.set(latents);
    else this.draw();
  }

  close() {
    this.pad.map.overlay.draw([]);
    for (const letter of LETTERS) this.pad.map.overlay.mark(letter, null);
  }
}

function badge(context, letter, x, y) {
  const { fillStyle } = context;
  context.fillStyle = "#222c";
  context.fillRect(x - 9, y - 9, 18, 18);
  context.fillStyle = "#fff";
  context.fillText(letter, x, y + 0.5);
  context.fillStyle = fillStyle;
}
