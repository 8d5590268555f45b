// What the map shows of latent space: the plane of greatest variance (PCA), two dimensions of choice, or t-SNE.

import { later, tr } from "../words.js";
import { Plane } from "./samples.js";
import { Tsne } from "./tsne.js";

const KINDS = [later("principal plane (PCA)"), later("two dimensions"), "t-SNE"];
const [, DIMENSIONS, TSNE] = KINDS.keys();

export class PlaneChooser {
  /** Shows nothing when there is nothing to choose; `onChange(plane)` after a choice, `onArrival(plane)` when t-SNE has come. */
  constructor(parent, data, onChange, onArrival) {
    this.latents = data.latents;
    this.principal = data.principal;
    if (data.latents <= 2) return;
    this.kind = select(parent, tr("Map"), (data.tsne ? KINDS : KINDS.slice(0, TSNE)).map((kind) => tr(kind)));
    const names = data.ranges.map((_, i) => `z${i + 1}`);
    this.shown = [0, 1];
    this.axes = [select(parent, tr("across"), names), select(parent, tr("up"), names)];
    this.axes[1].selectedIndex = 1;
    if (data.tsne) this.tsne = new Tsne(parent, data.tsne, () => onArrival(this.plane));
    const changed = () => {
      this.arrange();
      onChange(this.plane);
    };
    [this.kind, ...this.axes].forEach((control) => control.addEventListener("change", changed));
    this.arrange();
  }

  arrange() {
    const [across, up] = this.dimensions;
    // a plane has two directions: choosing the other axis' dimension swaps them
    if (across === up) this.axes.forEach((axis, k) => axis.selectedIndex === this.shown[k] && (axis.selectedIndex = this.shown[1 - k]));
    this.shown = this.dimensions;
    this.axes.forEach((axis) => (axis.parentElement.hidden = this.kind.selectedIndex !== DIMENSIONS));
    this.tsne?.show(this.kind.selectedIndex === TSNE);
  }

  /** The codes are here, with which a map may have to be looked up. */
  open(samples) {
    this.tsne?.open(samples);
  }

  close() {
    this.tsne?.close();
  }

  /** For the link: "tsne", or the two dimensions as "0,1"; nothing where one begins. */
  get name() {
    return { [DIMENSIONS]: this.dimensions.join(","), [TSNE]: "tsne" }[this.kind?.selectedIndex] ?? "";
  }

  set name(name) {
    if (this.latents <= 2) return;
    const [across, up] = (name ?? "").split(",").map(Number);
    const isPair = across !== up && [across, up].every((d) => Number.isInteger(d) && d >= 0 && d < this.latents);
    this.kind.selectedIndex = name === "tsne" && this.tsne ? TSNE : isPair ? DIMENSIONS : 0;
    if (isPair) this.axes.forEach((axis, k) => (axis.selectedIndex = [across, up][k]));
    this.arrange();
  }

  /** The t-SNE map, if it is chosen and computed. */
  get embedding() {
    return this.kind?.selectedIndex === TSNE ? this.tsne.embedding : null;
  }

  /** Whether the map that is chosen is not there yet. */
  get isAwaited() {
    return this.kind?.selectedIndex === TSNE && !this.embedding;
  }

  get isPrincipal() {
    return this.latents > 2 && this.kind.selectedIndex !== DIMENSIONS && !this.embedding;
  }

  get dimensions() {
    return this.latents > 2 ? this.axes.map((axis) => axis.selectedIndex) : [0, 1];
  }

  get plane() {
    if (this.embedding) return this.embedding;
    if (this.isPrincipal) return new Plane(this.principal.rows, this.principal.centre);
    const zeros = Array(this.latents).fill(0);
    const [across, up] = this.dimensions;
    // with one dimension, or the same one twice, the second axis is flat
    const rows = [across, up === across || up >= this.latents ? -1 : up].map((d) => zeros.map((_, i) => (i === d ? 1 : 0)));
    return new Plane(rows, zeros);
  }

  /** Axis titles. */
  get titles() {
    if (this.embedding) return ["t-SNE 1", "t-SNE 2"];
    if (this.isPrincipal) return [tr("first principal direction"), tr("second principal direction")];
    return this.dimensions.map((d) => (d < this.latents ? `z${d + 1}` : tr("spread, so that each code can be seen")));
  }
}

function select(parent, name, options) {
  const label = parent.appendChild(document.createElement("label"));
  label.append(`${name} `);
  const control = label.appendChild(document.createElement("select"));
  control.setAttribute("aria-label", name);
  options.forEach((option) => control.append(new Option(option)));
  return control;
}
