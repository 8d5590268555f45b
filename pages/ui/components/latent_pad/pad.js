// The live explorer. One point in latent space; map, sliders and keys move it, and every move decodes at once.

import { LabelChooser } from "./conditions.js";
import { openDecoder } from "./decoders.js";
import { LatentMap } from "./map.js";
import { paintReconstruction, paintThumbnail } from "./picture.js";
import { PlaneChooser } from "./planes.js";
import { profilePainter } from "./profile.js";
import { Samples } from "./samples.js";
import { Sliders } from "./sliders.js";

const MEASURE = "latent-pad:paint";
const KEPT_MEASURES = 10_000;
const KEY_COMMIT_MS = 400;
let painted = 0;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Show what `data` describes in `root`; called again by Streamlit whenever data or theme change. */
export async function show(root, data) {
  if (root.pad?.shows(data)) return root.pad.update(data);
  remove(root);
  root.pad = new LatentPad(root, data);
  return root.pad.open();
}

export function remove(root) {
  root.pad?.close();
  delete root.pad;
  delete root.dataset.decoder;
  root.replaceChildren();
}

class LatentPad {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.paintDecoded = data.columns
      ? profilePainter(data.columns, data.probabilities)
      : (canvas, values) => paintReconstruction(canvas, values, data.shape);
    this.z = data.z;
    this.sent = placeOf(data); // the point and label last told to Python
    this.awaited = null; // what was told to Python and has not come back yet
    this.wanted = null; // the newest point that waits for the decoder
    this.decoding = false;
    this.build();
  }

  build() {
    const main = element(this.root, "div", "lp-main");
    this.chooser = new PlaneChooser(element(main, "div", "lp-planes"), this.data, (plane) => this.changePlane(plane));
    this.area = element(main, "div", "lp-map");
    this.area.tabIndex = 0;
    this.area.setAttribute("role", "application");
    this.area.setAttribute("aria-label", "Map of the latent space. Arrow keys move the point.");
    this.note = element(main, "p", "lp-note");
    const side = element(this.root, "div", "lp-side");
    this.labels = new LabelChooser(element(side, "div", "lp-label"), this.data.conditions, this.data.label, (event) => {
      this.look(this.z, event, "at the handle");
      this.commit();
    });
    const pictures = element(side, "div", "lp-pictures");
    [this.output, this.outputCaption] = figure(pictures, "decoded");
    [this.nearest, this.nearestCaption] = figure(pictures, "nearest");
    this.sliders = new Sliders(element(side, "div", "lp-sliders"), this.data.ranges, this.z, {
      onMove: (i, value, event) => this.move(this.z.with(i, value), event, i),
      onRelease: () => this.commit(),
    });
    this.map = new LatentMap(this.area, {
      onDrag: (u, v, event) => this.move(this.plane.lift(u, v, this.z), event),
      onHover: (u, v, event) => this.look(this.plane.lift(u, v, this.z), event),
      onRelease: () => this.commit(),
      onLeave: () => this.lookBack(),
    });
    this.area.addEventListener("keydown", (event) => this.pressKey(event));
    this.plane = this.chooser.plane;
    this.sliders.show(this.z);
    this.note.textContent = "Loading the decoder and the map…";
  }

  async open() {
    const decoder = openDecoder(this.data).then(async (opened) => {
      if (this.closed) return opened.close();
      this.decoder = opened;
      this.paintDecoded(this.output, await opened.decode(this.labels.input(this.z)));
      this.root.dataset.decoder = opened.where;
    });
    const map = Samples.fetch(this.data).then(async (samples) => {
      this.samples = samples;
      this.map.place = this.plane.project(this.z);
      await this.map.open(this.data.plotly, samples, this.data.groups, this.plane, this.chooser.titles);
      this.map.show(...this.plane.project(this.z));
      if (this.data.thumbnails) await samples.fetchThumbnails(this.data.thumbnails);
    });
    const [decoding, mapping] = await Promise.allSettled([decoder, map]);
    if (this.closed) return;
    this.say(decoding, mapping);
    this.showNearest(this.z);
    this.root.dataset.ready = "true";
  }

  say(decoding, mapping) {
    const sentences = [];
    if (mapping.status === "fulfilled") sentences.push(`${this.samples.count.toLocaleString("en")} codes`);
    else sentences.push(`No map: ${mapping.reason.message}`);
    if (decoding.status === "rejected") sentences.push(`No decoder: ${decoding.reason.message}. Reload the page`);
    else if (this.decoder.where === "browser") sentences.push("decoding in this browser");
    else sentences.push(`decoding on the server: ${this.decoder.why}`);
    this.note.textContent = sentences.join(" · ");
  }

  shows(data) {
    return data.model === this.data.model && data.version === this.data.version;
  }

  /** New data for the same model: another theme, or a point from the address. */
  update(data) {
    const place = placeOf(data);
    const isNews = this.awaited === null && place !== placeOf(this.data) && !this.map.dragging;
    if (place === this.awaited) this.awaited = null; // until then, what comes back are echoes of older points
    this.data = data;
    this.map.recolour();
    if (!isNews) return;
    this.labels.index = data.label;
    this.sent = place;
    this.move(data.z);
  }

  /** Move the point: handle, sliders and picture follow. `slider` is the one that is being dragged. */
  move(z, event, slider) {
    this.z = z;
    this.map.show(...this.plane.project(z));
    this.sliders.show(z, slider);
    this.look(z, event, "at the handle");
  }

  /** Decode a point without moving there. */
  look(z, event, where = "at the pointer") {
    this.looking = where;
    this.paint(z, event);
  }

  lookBack() {
    if (this.looking === "at the pointer") this.look(this.z, undefined, "at the handle");
  }

  /** Decode and paint; of the points that arrive meanwhile only the newest is decoded next. */
  async paint(z, event) {
    this.wanted = { z: [...z], start: event?.timeStamp };
    if (this.decoding || !this.decoder) return;
    this.decoding = true;
    try {
      while (this.wanted && !this.closed) {
        const { z: point, start } = this.wanted;
        this.wanted = null;
        this.paintDecoded(this.output, await this.decoder.decode(this.labels.input(point)));
        if (start !== undefined) measure(start);
        this.showNearestSoon(point);
      }
    } catch (error) {
      this.note.textContent = `Decoding stopped: ${error.message}. Move the point to try again.`;
    } finally {
      this.decoding = false;
    }
  }

  showNearestSoon(z) {
    this.nearestTo = z;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.showNearest(this.nearestTo);
    });
  }

  async showNearest(z) {
    this.outputCaption.textContent = `Decoded ${this.looking ?? "at the handle"}${this.labels.words}`;
    if (!this.samples || this.closed) return;
    const { index, thumbnail, distance } = this.samples.nearest(z, this.labels.index);
    const label = this.data.labels[this.samples.labels[index]];
    const { thumbnails } = this.samples;
    const kind = thumbnails ? "Nearest sample" : "Nearest code, reconstructed";
    const among = this.samples.searched < this.samples.count ? ` of ${this.samples.searched.toLocaleString("en")}` : "";
    this.nearestCaption.textContent = `${kind}${among}${label ? `: ${label}` : ""}, ${distance.toFixed(2)} away`;
    if (index === this.shownIndex && Boolean(thumbnails) === this.shownPicture) return;
    [this.shownIndex, this.shownPicture] = [index, Boolean(thumbnails)];
    if (thumbnails) paintThumbnail(this.nearest, thumbnails, thumbnail);
    else if (this.decoder && !this.decoding) this.paintDecoded(this.nearest, await this.decoder.decode(this.codeInput(index)));
    else this.shownIndex = -1;
  }

  /** The code of a sample, decoded with the label it has. */
  codeInput(index) {
    return this.labels.input(this.samples.code(index), this.samples.labels[index]);
  }

  changePlane(plane) {
    this.plane = plane;
    if (!this.map.plotly) return;
    this.map.show(...plane.project(this.z));
    this.map.replot(this.samples, plane, this.chooser.titles);
  }

  pressKey(event) {
    const arrow = ARROWS[event.key];
    if (!arrow || !this.map.plotly) return;
    event.preventDefault();
    const step = this.map.step * (event.shiftKey ? 5 : 1);
    const [u, v] = this.plane.project(this.z);
    this.move(this.plane.lift(u + arrow[0] * step, v + arrow[1] * step, this.z), event);
    clearTimeout(this.keyCommit);
    this.keyCommit = setTimeout(() => this.commit(), KEY_COMMIT_MS);
  }

  /** Tell Python the point and the label: they go into the address. */
  commit() {
    const point = { z: this.z.map((value) => Math.round(value * 1e4) / 1e4), label: this.labels.index };
    if (placeOf(point) === this.sent) return;
    this.sent = this.awaited = placeOf(point);
    this.root.commit(point);
  }

  close() {
    this.closed = true;
    clearTimeout(this.keyCommit);
    this.map.close();
    this.decoder?.close();
  }
}

function placeOf({ z, label }) {
  return JSON.stringify([z, label]);
}

function measure(start) {
  painted += 1;
  if (painted % KEPT_MEASURES === 0) performance.clearMeasures(MEASURE);
  performance.measure(MEASURE, { start, end: performance.now() });
}

function element(parent, tag, className) {
  const made = parent.appendChild(document.createElement(tag));
  made.className = className;
  return made;
}

function figure(parent, name) {
  const made = element(parent, "figure", `lp-figure lp-${name}`);
  const canvas = element(made, "canvas", "");
  canvas.dataset.testid = name;
  return [canvas, element(made, "figcaption", "")];
}
