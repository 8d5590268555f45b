// From A to B: four ways side by side, a slider along each, and how fast the picture changes on it.

import { add, button, save } from "../elements.js";
import { Latest } from "../latest.js";
import { formatLatent, parseLatent } from "../link.js";
import { choosePictures } from "./example.js";
import { endingOf, filmKind, record } from "./film.js";
import { offscreen, paintCell } from "../picture.js";
import { later, tr } from "../../words.js";
import { nearbyWays } from "./ways.js";

const CELLS = 12;
const WAYS = [
  ["linear", later("Straight line"), "#4c78d8", later("Through latent space as the crow flies")],
  ["spherical", later("Sphere (slerp)"), "#e8833a", later("At an even angular speed about the origin")],
  ["density", later("Through the data"), "#3fa35c", later("From code to code where they lie densely")],
  ["geodesic", later("Geodesic"), "#8a63c9", later("The shortest found in the pictures: least change on the way")],
];
const STEP_MS = 60;

export class PathsTool {
  constructor(panel, pad) {
    Object.assign(this, { panel, pad, ends: {}, search: new Latest(), strips: new Latest() });
    const row = add(panel, "div", "lp-ends");
    for (const end of ["a", "b"]) this.addEnd(row, end);
    this.status = add(panel, "p", "lp-status");
    this.status.setAttribute("role", "status");
    this.status.textContent = tr("Set A and B: the ways between them appear here.");
    this.rows = add(panel, "div", "lp-ways");
  }

  addEnd(parent, end) {
    const name = end.toUpperCase();
    const box = add(parent, "div", "lp-end");
    const canvas = add(box, "canvas", "lp-small");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", tr("{name}, not set", { name }));
    const buttons = add(box, "div", "lp-end-buttons");
    const here = button(buttons, tr("{name} here", { name }), tr("{name} becomes the point as it stands", { name }));
    here.addEventListener("click", () => this.choose(end, this.pad.point.z));
    const sample = button(buttons, tr("{name}: a sample", { name }), tr("{name} becomes the code of a sample taken at random", { name }));
    sample.addEventListener("click", () => {
      const { samples } = this.pad;
      if (samples) this.choose(end, [...samples.code(Math.floor(Math.random() * samples.count))]);
    });
    if (!this.pad.data.columns && this.pad.data.has_encoder) {
      const other = end === "a" ? "b" : "a";
      const take = (z, k) => k < 2 && this.choose(k === 0 ? end : other, z);
      const say = (words) => (this.status.textContent = words);
      choosePictures(buttons, tr("{name}: my picture", { name }), this.pad, take, say, tr("From a file; choose two, and they become A and B"));
    }
    this.ends[end] = { canvas, z: null, latest: new Latest() };
  }

  /** An end becomes a latent, and the link says so. */
  async choose(end, z) {
    this.pad.remember(end, formatLatent(z));
    this.place(end, z);
    await this.find();
  }

  /** An end lies there; the ways that were found are of other ends now. */
  place(end, z) {
    this.ends[end].z = [...z];
    this.ends[end].canvas.setAttribute("aria-label", tr("{name} at {z}", { name: end.toUpperCase(), z: z.map((value) => value.toFixed(2)).join(", ") }));
    this.forget();
    this.paintEnd(end);
  }

  async paintEnd(end) {
    const { canvas, z, latest } = this.ends[end];
    const isLatest = latest.begin();
    const values = await this.pad.decode(z);
    if (isLatest()) this.pad.paintDecoded(canvas, values);
  }

  forget() {
    clearInterval(this.playing);
    this.search.stop();
    this.strips.stop();
    this.found = null;
    this.rows.setAttribute("aria-busy", "true");
    this.draw();
  }

  relabel() {
    for (const end of ["a", "b"]) if (this.ends[end].z) this.paintEnd(end);
    this.forget();
    if (this.pad.tools.opened === this) this.find();
  }

  async find() {
    const { a, b } = this.ends;
    if (!a.z || !b.z) return;
    if (a.z.every((value, i) => value === b.z[i])) {
      this.rows.replaceChildren();
      this.status.textContent = tr("A and B are the same point. Move it, or take another sample, for one of them.");
      return;
    }
    const isLatest = this.search.begin();
    this.query = `a=${formatLatent(a.z)}&b=${formatLatent(b.z)}&label=${this.pad.labels.index ?? ""}`;
    this.status.textContent = tr("Looking for the ways…");
    try {
      const found = this.pad.data.paths ? await this.ask() : await nearbyWays(a.z, b.z, this.pad.decode);
      if (!isLatest()) return;
      this.found = found;
    } catch (error) {
      if (!isLatest()) return;
      this.rows.replaceChildren();
      this.status.textContent = tr("No ways: {why}", { why: error.message });
      return;
    }
    this.show();
  }

  /** All ways, from the server. */
  async ask() {
    const answer = await fetch(new URL(`${this.pad.data.paths}s?${this.query}`, document.baseURI));
    if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
    return answer.json();
  }

  /** Those of the ways that were found. */
  get ways() {
    return this.found ? WAYS.filter(([name]) => name in this.found) : [];
  }

  /** What was found, as rows and on the map. */
  show() {
    this.status.textContent = "";
    this.rows.replaceChildren();
    this.rows.removeAttribute("aria-busy");
    const longest = Math.max(...Object.values(this.found).map(({ length }) => length));
    const fastest = Math.max(...Object.values(this.found).flatMap(({ speed }) => speed));
    for (const way of this.ways) this.addWay(...way, longest, fastest);
    this.draw();
    this.fillStrips();
  }

  addWay(name, word, colour, hint, longest, fastest) {
    const title = tr(word);
    const { latents, speed, length } = this.found[name];
    const row = add(this.rows, "section", "lp-way");
    row.dataset.way = name;
    const head = add(row, "div", "lp-way-head");
    const heading = add(head, "strong", "");
    heading.textContent = title;
    heading.style.borderColor = colour;
    heading.title = tr(hint);
    const told = add(head, "span", "");
    const sizes = { length: length.toPrecision(3), share: Math.round(100 * (1 - length / longest)) };
    told.textContent = length === longest ? tr("length {length}", sizes) : tr("length {length}, {share} % shorter than the longest", sizes);
    told.title = tr("Sum of the changes of the picture on the way, ‖f(z′) − f(z)‖");
    const play = button(head, tr("Play"), tr("Let the point walk along"));
    play.addEventListener("click", () => this.play(name, slider));
    if (!this.pad.data.columns) {
      for (const kind of this.pad.data.paths ? ["gif", "png"] : []) {
        const link = add(head, "a", "");
        link.textContent = kind.toUpperCase();
        link.href = new URL(`${this.pad.data.paths}.${kind}?${this.query}&name=${name}`, document.baseURI).href;
        link.download = `path-${name}.${kind}`;
        link.title = kind === "gif" ? tr("The way there and back, to take away") : tr("Twelve pictures of the way side by side");
      }
      this.addFilm(head, name, latents);
    }
    if (!this.pad.data.columns) {
      const strip = add(row, "canvas", "lp-strip");
      strip.setAttribute("role", "img");
      strip.setAttribute("aria-label", tr("{way}: pictures on the way from A to B", { way: title }));
    }
    const slider = add(row, "input", "");
    Object.assign(slider, { type: "range", min: 0, max: latents.length - 1, step: 0.05, value: 0 });
    slider.setAttribute("aria-label", tr("Along: {way}", { way: title }));
    slider.addEventListener("input", (event) => this.pad.move(at(latents, slider.valueAsNumber), event));
    slider.addEventListener("change", () => this.pad.settle());
    const chart = add(row, "div", "lp-speed");
    chart.innerHTML = speedChart(speed, fastest, colour);
    chart.firstChild.setAttribute("aria-label", tr("Speed of change along the way"));
    chart.title = tr("How fast the picture changes along the way, from A to B");
  }

  /** A film of the way there and back, where the browser records films. */
  addFilm(parent, name, latents) {
    const kind = filmKind();
    if (!kind) return;
    const title = endingOf(kind) === "mp4" ? "MP4" : "WebM";
    const film = button(parent, title, tr("A film of the way there and back; recording it takes four seconds"));
    film.className = "lp-link";
    film.addEventListener("click", async () => {
      if (film.getAttribute("aria-disabled") === "true") return;
      film.setAttribute("aria-disabled", "true");
      try {
        const there = [];
        for (const z of latents) there.push(offscreen(await this.pad.decode(z), this.pad.data.shape));
        const made = await record([...there, ...there.slice(0, -1).reverse()], kind, (share) => (film.textContent = `${title} ${Math.round(100 * share)} %`));
        save(made, `path-${name}.${endingOf(kind)}`);
      } catch (error) {
        this.status.textContent = tr("No film: {why}. Take the GIF instead.", { why: error.message });
      } finally {
        film.textContent = title;
        film.removeAttribute("aria-disabled");
      }
    });
  }

  async fillStrips() {
    const { pad } = this;
    if (pad.data.columns || pad.tools.opened !== this) return;
    const isLatest = this.strips.begin();
    for (const [name] of this.ways) {
      const canvas = this.rows.querySelector(`[data-way=${name}] canvas`);
      const { latents } = this.found[name];
      canvas.style.aspectRatio = `${CELLS * pad.data.shape[2]} / ${pad.data.shape[1]}`;
      for (let k = 0; k < CELLS; k += 1) {
        const values = await pad.decode(at(latents, (k * (latents.length - 1)) / (CELLS - 1)));
        if (!isLatest()) return;
        paintCell(canvas, values, pad.data.shape, k, CELLS);
      }
    }
  }

  play(name, slider) {
    clearInterval(this.playing);
    if (!this.found) return;
    const { latents } = this.found[name];
    const { pad } = this;
    let [t, walked] = [0, [...pad.point.z]];
    this.playing = setInterval(() => {
      if (walked.some((value, i) => value !== pad.point.z[i])) return clearInterval(this.playing); // somebody has moved it elsewhere
      slider.value = t;
      pad.move(at(latents, t));
      walked = [...pad.point.z];
      t += 1;
      if (t < latents.length) return;
      clearInterval(this.playing);
      pad.settle();
    }, STEP_MS);
  }

  /** The ends and the routes on the map. */
  draw() {
    const { pad, found, ends } = this;
    if (pad.tools.opened !== this) return; // the map is another tool's now
    pad.map.overlay.draw(this.ways.map(([name, , colour]) => ({ colour, points: found[name].latents.map((z) => pad.plane.project(z)) })));
    for (const end of ["a", "b"]) pad.map.overlay.mark(end, ends[end].z && pad.plane.project(ends[end].z));
  }

  open() {
    for (const end of ["a", "b"]) {
      const text = this.pad.link.view[end];
      const z = parseLatent(text, this.pad.data.latents);
      if (z && text !== (this.ends[end].z && formatLatent(this.ends[end].z))) this.place(end, z);
    }
    this.draw();
    if (this.found) this.fillStrips();
    else this.find();
  }

  close() {
    clearInterval(this.playing);
    this.strips.stop();
    this.pad.map.overlay.draw([]);
    for (const end of ["a", "b"]) this.pad.map.overlay.mark(end, null);
  }
}

/** The place on a chain of latents, t in pieces from its beginning. */
export function at(latents, t) {
  const k = Math.min(Math.floor(t), latents.length - 2);
  return latents[k].map((value, i) => value + (t - k) * (latents[k + 1][i] - value));
}

function speedChart(speed, fastest, colour) {
  const points = speed.map((value, k) => `${((k + 0.5) / speed.length) * 100},${24 - 22 * (value / (fastest || 1))}`);
  return `<svg viewBox="0 0 100 24" preserveAspectRatio="none" role="img"><polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5" vector-effect="non-scaling-stroke"/></svg>`;
}
