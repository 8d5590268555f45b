// The true posterior p(z | x) of an example under two latents, beside the encoder's q(z | x).

import { add, button } from "../latent_pad/elements.js";
import { tr } from "../words.js";
import { nats, written } from "./words.js";

const SIDE = 360; // of the page's pixels
const PAD = 28; // for the numbers of the axes
const TICKS = 5;
const ROOM = 1.1; // around what is to be seen
const COARSE = 0.01; // of q may lie beside the grid's sums
const DEEP = 1e-3; // of the peak: less is not to be seen
const SHOWN = 3.5; // standard deviations of q that are in the window

export class Posterior {
  constructor(parent) {
    this.canvas = add(parent, "canvas", "el-posterior-map");
    this.canvas.dataset.testid = "posterior";
    this.canvas.setAttribute("role", "img");
    const side = add(parent, "div", "el-posterior-told");
    this.key = add(side, "p", "el-note");
    this.key.textContent = tr("Shade: p(z | x), from its peak down to nothing. Ellipses: q(z | x) at 1 and 2 standard deviations. Dot: z.");
    this.table = add(side, "table", "el-account");
    this.told = add(side, "p", "el-verdict");
    this.shown = [this.canvas, side];
    this.waiting = add(parent, "div", "el-waiting");
    this.start = button(this.waiting, tr("Decode the plane"), "");
    this.status = add(this.waiting, "p", "el-note");
    this.status.setAttribute("aria-live", "polite");
  }

  /** Nothing to be seen until the user wants it; a promise of that. */
  offer() {
    this.hide(false);
    this.status.textContent = tr("Decoding 20,000 points by convolutions takes the server up to two minutes.");
    return new Promise((resolve) => (this.start.onclick = resolve));
  }

  /** Being decoded. */
  expect() {
    this.hide(true);
    this.status.textContent = tr("Decoding the plane…");
  }

  /** It could not be. */
  fail(message) {
    this.hide(true);
    this.status.textContent = message;
  }

  hide(isStarted) {
    for (const part of this.shown) part.hidden = true;
    this.waiting.hidden = false;
    this.start.hidden = isStarted;
  }

  /** Arrays of the route of the posterior, and of the ledger `latents` [K · 2], `mean` and `std` [2]. */
  show(found, { latents, mean, std }, draws) {
    Object.assign(this, { found, latents, mean, std });
    for (const part of this.shown) part.hidden = false;
    this.waiting.hidden = true;
    const [logEvidence, gap, elbo, error, mass] = ["log_evidence", "gap", "elbo", "error", "mass"].map((name) => found[name][0]);
    this.table.replaceChildren();
    this.row(tr("log p(x), by the grid"), logEvidence, "part");
    this.row(tr("− KL(q(z | x) ‖ p(z | x)), by the grid"), gap, "part");
    this.row(tr("= ELBO"), logEvidence - gap, "total");
    this.row(tr("the ELBO by {count} samples of z, ± {error}", { count: draws.toLocaleString("en"), error: written(error, 3) }), elbo, "loss");
    const sentences = [tr("The ELBO lies {gap} nats below log p(x): so far is q(z | x) from the true posterior.", { gap: nats(gap) })];
    if (Math.abs(mass - 1) > COARSE) sentences.push(tr("The grid is too coarse for this q(z | x), and holds {share} % of it: the two ELBOs need not agree.", { share: written(100 * mass, 0) }));
    this.told.textContent = sentences.join(" ");
    const told = { mean: pair(mean), std: pair(std), z: pair(latents), gap: nats(gap) };
    this.canvas.setAttribute("aria-label", tr("The true posterior on a grid and q(z | x): mean {mean}, standard deviation {std}; z drawn at {z}; gap {gap} nats.", told));
    this.paint();
  }

  row(name, value, kind) {
    const row = add(this.table, "tr", `el-${kind}`);
    Object.assign(add(row, "th"), { scope: "row", textContent: name });
    Object.assign(add(add(row, "td", "el-number"), "data"), { value, textContent: nats(value) });
  }

  /** [left, bottom, side] of a square that holds what is to be seen of p and q: both axes have one scale. */
  window() {
    const { found, mean, std, latents } = this;
    const { u, v, log_density: density } = found;
    const floor = peakOf(density) + Math.log(DEEP);
    const seen = [u, v].map((places, axis) => {
      const half = (places[1] - places[0]) / 2;
      let [low, high] = [mean[axis] - SHOWN * std[axis], mean[axis] + SHOWN * std[axis]];
      for (let k = axis; k < latents.length; k += 2) [low, high] = [Math.min(low, latents[k]), Math.max(high, latents[k])];
      for (let k = 0; k < density.length; k += 1) {
        if (density[k] < floor) continue;
        const place = places[axis ? Math.floor(k / u.length) : k % u.length];
        [low, high] = [Math.min(low, place - half), Math.max(high, place + half)];
      }
      return [low, high];
    });
    const side = ROOM * Math.max(...seen.map(([low, high]) => high - low));
    return [...seen.map(([low, high]) => (low + high - side) / 2), side];
  }

  paint() {
    if (!this.found) return;
    const { canvas, found } = this;
    const { u, v } = found;
    const scale = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: SIDE * scale, height: SIDE * scale });
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const [step, rise] = [u[1] - u[0], v[1] - v[0]];
    const [wide, high] = [step * u.length, rise * v.length];
    const [left, bottom, reach] = this.window();
    const pixels = (SIDE - 2 * PAD) / reach;
    const across = (z) => PAD + (z - left) * pixels;
    const up = (z) => SIDE - PAD - (z - bottom) * pixels;
    context.save();
    context.beginPath();
    context.rect(PAD, PAD, SIDE - 2 * PAD, SIDE - 2 * PAD);
    context.clip();
    context.drawImage(this.heat(style.getPropertyValue("--st-primary-color").trim()), across(u[0] - step / 2), up(v[v.length - 1] + rise / 2), wide * pixels, high * pixels);
    this.overlay(context, style, across, up, pixels);
    context.restore();
    axes(context, style, { left, bottom, reach, across, up });
  }

  /** A pixel a cell. */
  heat(colour) {
    const { u, v, log_density: density } = this.found;
    const [width, height] = [u.length, v.length];
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    context.fillStyle = colour;
    context.fillRect(0, 0, width, height);
    const image = context.getImageData(0, 0, width, height);
    const peak = peakOf(density);
    for (let k = 0; k < density.length; k += 1) {
      const row = height - 1 - Math.floor(k / width); // canvases count downwards
      const share = Math.exp(density[k] - peak);
      image.data[4 * (row * width + (k % width)) + 3] = share < DEEP ? 0 : 255 * share;
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  overlay(context, style, across, up, pixels) {
    const { mean, std, latents } = this;
    context.strokeStyle = style.getPropertyValue("--el-kl").trim();
    context.lineWidth = 2;
    for (const times of [1, 2]) {
      context.beginPath();
      context.ellipse(across(mean[0]), up(mean[1]), times * std[0] * pixels, times * std[1] * pixels, 0, 0, 2 * Math.PI);
      context.stroke();
    }
    for (let k = 0; k < latents.length; k += 2) {
      context.beginPath();
      context.arc(across(latents[k]), up(latents[k + 1]), 4.5, 0, 2 * Math.PI);
      context.fillStyle = style.color;
      context.fill();
      context.strokeStyle = style.getPropertyValue("--st-background-color").trim();
      context.lineWidth = 1.5;
      context.stroke();
    }
  }
}

function peakOf(density) {
  return density.reduce((most, value) => Math.max(most, value), -Infinity);
}

function axes(context, style, { left, bottom, reach, across, up }) {
  const raw = reach / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= raw);
  const decimals = Math.max(-Math.floor(Math.log10(step) + 1e-9), 0);
  context.font = `11px ${style.fontFamily}`;
  context.fillStyle = style.color;
  context.strokeStyle = style.getPropertyValue("--st-border-color").trim();
  context.lineWidth = 1;
  context.strokeRect(PAD, PAD, SIDE - 2 * PAD, SIDE - 2 * PAD);
  for (let z = Math.ceil(left / step) * step; z <= left + reach; z += step) tick(context, across(z), SIDE - PAD / 2, written(z + 0, decimals));
  for (let z = Math.ceil(bottom / step) * step; z <= bottom + reach; z += step) tick(context, PAD / 2, up(z), written(z + 0, decimals));
  tick(context, SIDE - PAD / 2, SIDE - PAD / 2, "z1");
  tick(context, PAD / 2, PAD / 2, "z2");
}

function tick(context, x, y, text) {
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}

function pair(values) {
  return `${written(values[0], 2)}, ${written(values[1], 2)}`;
}
