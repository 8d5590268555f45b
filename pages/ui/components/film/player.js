// The scrubber: drag it, step it with the arrow keys, or let it play.

import { add, button } from "../latent_pad/elements.js";
import { tr } from "../words.js";

const REST_MS = 150; // a scrubber that stands still for so long rests
const SPEEDS = [2, 5, 10, 20, 30];

export class Player {
  /** `onMove(position, event)` in frames; `onRest()` when it has come to stand. */
  constructor(bar, epochs, position, callbacks) {
    Object.assign(this, { bar, epochs, position, callbacks, isPlaying: false });
    this.last = epochs.length - 1;
    this.play = button(bar, "", tr("Play or pause (Space)"));
    this.play.className = "fm-play";
    this.play.addEventListener("click", () => this.toggle());
    this.range = add(bar, "input", "fm-range");
    Object.assign(this.range, { type: "range", min: 0, max: this.last, step: 1, value: position, disabled: !this.last });
    this.range.setAttribute("aria-label", tr("Epoch"));
    this.range.addEventListener("input", (event) => this.jump(this.range.valueAsNumber, event));
    this.words = add(bar, "span", "fm-epoch");
    const label = add(bar, "label", "fm-speed");
    this.speed = add(label, "select");
    for (const speed of SPEEDS) this.speed.add(new Option(speed, speed));
    this.speed.value = 5;
    label.append(` ${tr("frames a second")}`);
    this.tell();
  }

  /** Go to a frame and stay there. */
  jump(frame, event) {
    this.stop();
    this.move(frame, event);
  }

  move(position, event) {
    this.position = position;
    this.tell();
    this.callbacks.onMove(position, event);
    clearTimeout(this.resting);
    if (!this.isPlaying) this.resting = setTimeout(() => this.callbacks.onRest(), REST_MS);
  }

  tell() {
    const frame = Math.round(this.position);
    const words = tr("Epoch {epoch} of {last}", { epoch: this.epochs[frame], last: this.epochs.at(-1) });
    if (this.range.valueAsNumber !== frame) this.range.value = frame;
    this.range.setAttribute("aria-valuetext", words);
    this.words.textContent = words;
    this.play.textContent = this.isPlaying ? tr("Pause") : tr("Play");
  }

  toggle() {
    if (this.isPlaying) return this.jump(Math.round(this.position));
    if (!this.last) return;
    this.isPlaying = true;
    if (this.position >= this.last) this.position = 0;
    let before = null;
    const step = (now) => {
      if (!this.isPlaying) return;
      const moved = before === null ? 0 : ((now - before) / 1000) * Number(this.speed.value);
      before = now;
      if (this.position + moved >= this.last) return this.jump(this.last);
      this.move(this.position + moved);
      this.ticking = requestAnimationFrame(step);
    };
    this.ticking = requestAnimationFrame(step);
    this.tell();
  }

  stop() {
    this.isPlaying = false;
    cancelAnimationFrame(this.ticking);
  }

  close() {
    this.stop();
    clearTimeout(this.resting);
  }
}
