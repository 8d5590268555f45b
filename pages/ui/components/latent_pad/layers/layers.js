// What can be laid under and over the dots of the map: each layer is a switch, and paints on a canvas of its own.

import { fit } from "../overlay.js";
import { later, tr } from "../../words.js";
import { DensityLayer, hasStandardPrior, HoleLayer } from "./density_layer.js";
import { EllipseLayer } from "./ellipses.js";
import { GridLayer } from "./grid_layer.js";
import { MagnificationLayer } from "./magnification_layer.js";
import { ManifoldLayer } from "./manifold_layer.js";
import { ThumbnailLayer } from "./thumbnail_layer.js";

const KINDS = [
  ["density", later("Density"), later("How densely the codes lie: the aggregate posterior q(z) on this plane"), DensityLayer],
  ["holes", later("Holes"), holes, HoleLayer],
  ["grid", later("Grid"), later("Straight lines on the map and, in data space, the curves that the decoder makes of them"), GridLayer],
  ["manifold", later("Manifold"), later("What the decoder makes of points all over the map"), ManifoldLayer],
  ["magnification", later("Magnification"), later("Where the picture changes fast: √det(JᵀJ), the area of pictures to an area of the map"), MagnificationLayer],
  ["ellipses", later("Ellipses"), later("The posterior of each code, one standard deviation wide, drawn to scale"), EllipseLayer],
  ["thumbnails", later("Pictures"), later("The samples' pictures in place of dots, as many as fit"), ThumbnailLayer],
];

function holes(data) {
  if (hasStandardPrior(data)) return tr("Where the prior leads but hardly any code lies: what is decoded there is a guess");
  return tr("Amid the codes, where 95 % of a normal fitted to them lies, but hardly any code lies: what is decoded there is a guess");
}

const NO_INVERSE = later("t-SNE has no inverse: between samples there is no latent to decode, so the point goes from sample to sample, and layers that would fill the plane between them are off.");

export class Layers {
  /** `pad` gives what layers paint: samples, plane, decode, colours; `onChange(names)` after a switch. */
  constructor(bar, map, pad, onChange) {
    Object.assign(this, { map, pad, onChange });
    this.shown = new Map(); // name -> { layer, canvas }
    this.resting = new Set(); // those that come back with a plane that has an inverse
    this.buttons = new Map();
    for (const [name, word, hint, Kind] of KINDS) {
      if (!Kind.fits(pad)) continue;
      const label = tr(word);
      const title = typeof hint === "function" ? hint(pad.data) : tr(hint);
      const button = bar.appendChild(document.createElement("button"));
      Object.assign(button, { type: "button", textContent: label, title });
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        this.switch(name, !this.shown.has(name));
        this.onChange([...this.shown.keys(), ...this.resting]);
      });
      this.buttons.set(name, { button, Kind, title, label });
    }
    this.status = bar.appendChild(document.createElement("span"));
    this.status.className = "lp-layer-status";
    this.status.setAttribute("role", "status");
    this.reason = bar.appendChild(document.createElement("p"));
    this.reason.className = "lp-no-inverse";
    this.arrange();
  }

  fits(name) {
    return this.pad.plane.hasInverse || !this.buttons.get(name).Kind.needsInverse;
  }

  /** Switch off what the plane does not allow, and on again what another one has switched off. */
  arrange() {
    this.reason.textContent = this.pad.plane.hasInverse ? "" : tr(NO_INVERSE);
    for (const [name, { button, title }] of this.buttons) {
      const isFit = this.fits(name);
      button.setAttribute("aria-disabled", String(!isFit));
      button.title = isFit ? title : tr("Not on a t-SNE map, which has no inverse. {title}", { title });
      if (!isFit && this.shown.has(name)) {
        this.switch(name, false);
        this.resting.add(name);
      } else if (isFit && this.resting.delete(name)) this.switch(name, true);
    }
  }

  /** Show these layers and no others. */
  choose(names) {
    this.resting = new Set(names.filter((name) => this.buttons.has(name) && !this.fits(name)));
    for (const name of this.buttons.keys()) this.switch(name, names.includes(name) && this.fits(name));
  }

  switch(name, isOn) {
    const known = this.buttons.get(name);
    if (!known || isOn === this.shown.has(name)) return;
    known.button.setAttribute("aria-pressed", String(isOn));
    if (!isOn) {
      const { layer, canvas } = this.shown.get(name);
      layer.stop();
      canvas.remove();
      this.shown.delete(name);
      this.map.dim(this.shown.has("thumbnails"));
      return this.tell();
    }
    const canvas = this.map.addCanvas(known.Kind.above, name);
    const layer = new known.Kind(this.pad, () => this.paint(name), (words) => this.tell(name, words));
    this.shown.set(name, { layer, canvas });
    this.map.dim(this.shown.has("thumbnails"));
    this.prepare(name);
  }

  /** The plane, the view, or where the point is off the plane has changed. */
  refresh(cause) {
    const { latents, conditions } = this.pad.data;
    if (cause === "point" && latents <= 2 && conditions.length === 0) return; // nothing is off the plane
    if (cause === "plane") this.arrange();
    for (const [name, { layer }] of this.shown) {
      if (layer.dependsOn.includes(cause)) this.prepare(name);
      else this.paint(name);
    }
  }

  prepare(name) {
    const view = this.map.view;
    if (!view) return;
    const { layer } = this.shown.get(name);
    const prepared = layer.prepare(view); // some wait for the decoder
    prepared?.catch((error) => this.tell(name, tr("{layer} stopped: {why}", { layer: this.buttons.get(name).label, why: error.message })));
    this.paint(name);
  }

  paint(name) {
    const shown = this.shown.get(name);
    const { view } = this.map;
    if (!shown || !view) return;
    const { canvas, layer } = shown;
    layer.paint(fit(canvas, view), view);
  }

  tell(name, words) {
    this.words ??= new Map();
    if (words) this.words.set(name, words);
    else this.words.delete(name);
    for (const known of this.words.keys()) if (!this.shown.has(known)) this.words.delete(known);
    this.status.textContent = [...this.words.values()].join(" · ");
  }

  close() {
    for (const { layer } of this.shown.values()) layer.stop();
  }
}
