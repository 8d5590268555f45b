// The film of a training: one scrubber moves map, manifold, KL bars and curves together; the cursor decodes on the map.

import { LabelChooser } from "../latent_pad/conditions.js";
import { add } from "../latent_pad/elements.js";
import { tr, trn } from "../words.js";
import { Bars } from "./bars.js";
import { Cursor } from "./cursor.js";
import { Curves } from "./curves.js";
import { FilmMap } from "./film_map.js";
import { fetchFrames } from "./frames.js";
import { Manifold } from "./manifold.js";
import { Player } from "./player.js";

const MEASURE = "film:paint";
const KEPT_MEASURES = 10_000;

/** Show what `data` describes in `root`; called again by Streamlit whenever data or theme change. */
export async function show(root, data) {
  if (root.shown?.shows(data)) return root.shown.recolour();
  remove(root);
  root.shown = new Film(root, data);
  return root.shown.open();
}

export function remove(root) {
  root.shown?.close();
  delete root.shown;
  for (const name of ["frame", "loaded", "decoder", "decoders"]) delete root.dataset[name];
  root.replaceChildren();
}

class Film {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.position = data.epochs.length - 1; // in frames; between two of them while it plays
    this.build();
  }

  build() {
    const { data, root } = this;
    this.player = new Player(add(root, "div", "fm-bar"), data.epochs, this.position, {
      onMove: (position, event) => this.move(position, event),
      onRest: () => this.cursor.load(this.frame),
    });
    this.gif = Object.assign(add(this.player.bar, "a", "fm-gif"), {
      href: data.gif,
      download: "film.gif",
      textContent: tr("Export as GIF"),
      title: tr("Map, manifold and curve of every frame; drawing them takes some seconds."),
    });
    this.labels = new LabelChooser(add(root, "div", "fm-label"), data.conditions, 0, () => this.relabel());
    const main = add(root, "div", "fm-main");
    const left = add(main, "section", "fm-panel");
    this.map = new FilmMap(left, data, (event) => this.point(event));
    this.manifold = data.sheets ? new Manifold(add(main, "section", "fm-panel"), data) : null;
    const side = add(main, "section", "fm-panel fm-side");
    this.cursor = new Cursor(side, data, (epoch) => (root.dataset.decoder = epoch));
    this.bars = data.kl ? new Bars(side, data) : null;
    this.curves = new Curves(add(root, "section", "fm-panel"), data);
    this.note = add(root, "p", "fm-note");
    this.onKey = (event) => this.key(event);
    root.addEventListener("keydown", this.onKey);
    this.resizing = new ResizeObserver(() => this.recolour());
    this.resizing.observe(root);
  }

  async open() {
    this.tell(tr("The frames are on their way…"));
    try {
      this.frames = await fetchFrames(this.data);
    } catch (error) {
      return this.tell(tr("The frames could not be loaded: {why}", { why: error.message }));
    }
    if (this.closed) return;
    this.map.open(this.frames);
    this.recolour();
    this.cursor.load(this.frame);
    await this.loadManifold();
  }

  async loadManifold() {
    const { epochs, lacking } = this.data;
    const progress = (done) => {
      if (this.closed) return;
      this.tell(tr("{done} of {count} manifolds are here…", { done, count: epochs.length }));
      this.paint();
    };
    const error = this.manifold ? await this.manifold.load(this.frame, this.labels.index, progress) : "";
    if (this.closed || error === "stale") return;
    this.paint();
    const examples = this.data.count.toLocaleString("en");
    const told = trn("{count} frame of {examples} examples, turned so that the map does not spin.", "{count} frames of {examples} examples, turned so that the map does not spin.", epochs.length, { examples });
    this.tell([error || told, lacking].filter(Boolean).join(" "));
    if (error) return;
    this.root.dataset.loaded = "true";
    const isAll = await this.cursor.loadAll().catch(() => false); // what is missing is fetched where the scrubber rests
    if (isAll) this.root.dataset.decoders = "all";
  }

  relabel() {
    delete this.root.dataset.loaded;
    this.gif.href = `${this.data.gif}?label=${this.labels.index}`;
    this.loadManifold();
    this.decode();
  }

  tell(words) {
    this.note.textContent = words;
  }

  /** The number of the frame that is nearest. */
  get frame() {
    return Math.round(this.position);
  }

  shows(data) {
    return ["run", "version", "words"].every((name) => data[name] === this.data[name]);
  }

  move(position, event) {
    this.position = position;
    this.started ??= event?.timeStamp;
    this.decode();
    this.paint();
  }

  /** The cursor was moved. */
  point(event) {
    this.started ??= event?.timeStamp;
    this.decode();
    this.paint();
    if (!this.player.isPlaying) this.cursor.load(this.frame);
  }

  decode() {
    if (!this.frames) return;
    const [u, v] = this.map.cursor;
    this.cursor.show(this.frame, this.labels.input(this.frames.latent(this.frame, u, v)));
  }

  /** All canvases, once before the next picture of the screen. */
  paint() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      if (this.closed || !this.frames) return;
      this.map.draw(this.frames.at(this.position), this.data.epochs[this.frame]);
      this.manifold?.draw(this.frame);
      this.bars?.draw(this.frame);
      this.curves.draw(this.position);
      this.root.dataset.frame = this.frame;
      if (this.started !== undefined) measure(this.started);
      this.started = undefined;
    });
  }

  /** Sizes or colours have changed. */
  recolour() {
    this.map.fit();
    this.manifold?.fit();
    this.bars?.fit();
    this.curves.fit();
    this.paint();
    this.decode();
  }

  key(event) {
    const { tagName } = event.target;
    if (event.key === " " && !["BUTTON", "SELECT", "A"].includes(tagName)) this.player.toggle();
    else if (event.key === "Home" && tagName !== "SELECT") this.player.jump(0, event);
    else if (event.key === "End" && tagName !== "SELECT") this.player.jump(this.data.epochs.length - 1, event);
    else return;
    event.preventDefault();
  }

  close() {
    this.closed = true;
    this.player.close();
    this.cursor.close();
    this.manifold?.close();
    this.resizing.disconnect();
    this.root.removeEventListener("keydown", this.onKey);
  }
}

let painted = 0;

function measure(start) {
  painted += 1;
  if (painted % KEPT_MEASURES === 0) performance.clearMeasures(MEASURE);
  performance.measure(MEASURE, { start, end: performance.now() });
}
