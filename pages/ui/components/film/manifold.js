// The manifold of every frame: pictures drawn by the server from that epoch's decoder, all fetched beforehand.

import { Latest } from "../latent_pad/latest.js";
import { tr } from "../words.js";
import { Surface } from "./surface.js";

const AT_ONCE = 4;

export class Manifold {
  constructor(parent, data) {
    this.data = data;
    this.surface = new Surface(parent, tr("Manifold: what that epoch's decoder makes of a grid over the map"), "manifold", "fm-square");
    this.latest = new Latest();
    this.pictures = new Map();
  }

  /** Fetch all, those near a frame first; `onProgress(done)` meanwhile. Returns a sentence where that failed, or "". */
  async load(frame, label, onProgress) {
    const isNewest = this.latest.begin();
    const { epochs, sheets } = this.data;
    this.clear();
    const order = epochs.map((_, k) => k).sort((a, b) => Math.abs(a - frame) - Math.abs(b - frame));
    let failed = "";
    const one = async () => {
      while (order.length && isNewest() && !failed) {
        const k = order.shift();
        try {
          const picture = await fetchPicture(`${sheets}${epochs[k]}.png${label === null ? "" : `?label=${label}`}`);
          if (!isNewest()) return picture.close();
          this.pictures.set(k, picture);
          onProgress(this.pictures.size);
        } catch (error) {
          failed = tr("The manifold could not be loaded: {why}", { why: error.message });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
    return isNewest() ? failed : "stale";
  }

  fit() {
    this.surface.fit();
  }

  draw(frame) {
    const { surface, data } = this;
    const picture = this.pictures.get(frame);
    const context = surface.clear();
    surface.describe(picture ? tr("Manifold after epoch {epoch}", { epoch: data.epochs[frame] }) : tr("Manifold on its way"));
    if (!picture) return context.fillText(tr("On its way…"), 12, 24);
    context.imageSmoothingEnabled = picture.width > surface.width;
    context.drawImage(picture, 0, 0, surface.width, surface.height);
  }

  clear() {
    for (const picture of this.pictures.values()) picture.close();
    this.pictures.clear();
  }

  close() {
    this.latest.stop();
    this.clear();
  }
}

async function fetchPicture(address) {
  const answer = await fetch(new URL(address, location.origin));
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
  return createImageBitmap(await answer.blob());
}
