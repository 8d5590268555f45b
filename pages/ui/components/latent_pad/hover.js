// The card beside the pointer: which sample's code lies under it, with its picture.

import { tr } from "../words.js";
import { add } from "./elements.js";
import { thumbnailOffscreen, thumbnailOf } from "./picture.js";

const REACH = 9; // pixels from the pointer to a code

export class HoverCard {
  constructor(pad) {
    this.pad = pad;
    this.card = add(pad.area, "div", "lp-card");
    this.card.setAttribute("aria-hidden", "true"); // the nearest sample is told beside the picture as well
    this.card.hidden = true;
    pad.area.addEventListener("pointermove", (event) => this.follow(event));
    for (const name of ["pointerdown", "pointerleave"]) pad.area.addEventListener(name, () => this.hide());
  }

  follow(event) {
    const { pad } = this;
    const place = event.buttons === 0 && event.pointerType !== "touch" && pad.samples && pad.map.view && pad.map.placeOf(event);
    const n = place ? this.sampleAt(place) : -1;
    if (n < 0) return this.hide();
    const box = pad.area.getBoundingClientRect();
    const isRight = event.clientX - box.left > box.width / 2;
    const isLow = event.clientY - box.top > box.height / 2;
    this.card.style.left = `${event.clientX - box.left + (isRight ? -16 : 16)}px`;
    this.card.style.top = `${event.clientY - box.top + (isLow ? -16 : 16)}px`;
    this.card.style.transform = `translate(${isRight ? "-100%" : "0"}, ${isLow ? "-100%" : "0"})`;
    if (n !== this.shown || this.card.hidden) this.show(n);
  }

  /** The number of the sample whose code is nearest to a place and in reach; -1 if none is. */
  sampleAt([u, v]) {
    const { pad } = this;
    if (this.plane !== pad.plane) [this.plane, this.places] = [pad.plane, pad.samples.project(pad.plane)];
    const [us, vs] = this.places;
    let least = (REACH / pad.map.view.scale) ** 2;
    let found = -1;
    for (let n = 0; n < us.length; n += 1) {
      const away = (us[n] - u) ** 2 + (vs[n] - v) ** 2;
      if (away < least) [least, found] = [away, n];
    }
    return found;
  }

  show(n) {
    const { samples, data } = this.pad;
    this.shown = n;
    this.card.replaceChildren();
    const block = samples.thumbnails;
    const k = block ? thumbnailOf(n, samples.count, block.count) : null;
    if (k !== null) this.card.append(thumbnailOffscreen(block, k));
    const label = data.labels[samples.labels[n]];
    const sample = tr("sample {number}", { number: (n + 1).toLocaleString("en") });
    add(this.card, "span").textContent = label ? `${label} · ${sample}` : sample;
    this.card.hidden = false;
  }

  hide() {
    this.card.hidden = true;
  }
}
