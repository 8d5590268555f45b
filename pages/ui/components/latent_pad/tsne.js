// t-SNE as a map: chosen before it is computed, computed by the server once for everybody, fetched when it is there.

import { tr } from "../words.js";
import { add, button } from "./elements.js";
import { Embedding } from "./embedding.js";

const LOOK_MS = 1000;
const PRESSED_MS = 200;
const GONE_MS = 4000;

export class Tsne {
  /** Shows itself in `parent` while it is chosen and not there; `onReady()` when it has come. */
  constructor(parent, url, onReady) {
    Object.assign(this, { url, onReady, embedding: null, samples: null, isChosen: false });
    this.row = add(parent, "div", "lp-tsne");
    this.row.hidden = true;
    this.bar = add(this.row, "progress");
    this.bar.setAttribute("aria-label", tr("t-SNE, share done"));
    this.start = button(this.row, tr("Compute t-SNE"), tr("Let the server compute it, once for everybody"));
    this.told = add(this.row, "span");
    this.start.addEventListener("click", () => this.ask("POST"));
    // nothing is asked of the server while a pointer is down
    this.ending = new AbortController();
    const { signal } = this.ending;
    const root = parent.closest(".latent-pad") ?? parent;
    root.addEventListener("pointerdown", () => (this.isPressed = true), { capture: true, signal });
    for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => (this.isPressed = false), { capture: true, signal });
  }

  /** The codes are here, and with them what places are for. */
  open(samples) {
    this.samples = samples;
    this.show(this.isChosen);
  }

  show(isChosen) {
    this.isChosen = isChosen;
    this.row.hidden = !isChosen || this.embedding !== null;
    if (isChosen && this.samples && !this.embedding && !this.isAsking) this.ask("GET");
  }

  /** How it stands; with POST it is also begun. */
  async ask(method) {
    clearTimeout(this.timer);
    this.isAsking = true;
    if (method === "POST") this.tell({ state: "queued", message: tr("Starting…") });
    try {
      const response = await fetch(new URL(method === "POST" ? this.url : `${this.url}/status`, document.baseURI), { method });
      if (!response.ok) return this.tell({ state: "impossible", message: await sentence(response) });
      const status = await response.json();
      if (status.state === "done") return await this.fetch();
      this.tell(status);
      if (["queued", "running"].includes(status.state)) this.askAgain(LOOK_MS);
    } catch {
      this.tell({ state: "running", done: this.bar.value, message: tr("The server does not answer just now") });
      this.askAgain(GONE_MS);
    } finally {
      this.isAsking = false;
    }
  }

  close() {
    clearTimeout(this.timer);
    this.ending.abort();
  }

  askAgain(delay) {
    this.timer = setTimeout(() => {
      if (!this.row.isConnected || !this.isChosen) return;
      if (this.isPressed) this.askAgain(PRESSED_MS);
      else this.ask("GET");
    }, delay);
  }

  async fetch() {
    const response = await fetch(new URL(this.url, document.baseURI));
    const places = response.ok ? new Float32Array(await response.arrayBuffer()) : [];
    if (places.length !== 2 * this.samples.count) return this.tell({ state: "failed", message: tr("The map did not arrive whole") });
    this.embedding = new Embedding(this.samples, places);
    this.show(this.isChosen);
    if (this.isChosen && this.row.isConnected) this.onReady();
  }

  tell({ state, done = 0, seconds, seconds_left: left, message }) {
    const isGoing = state === "queued" || state === "running";
    this.row.dataset.state = state;
    this.bar.hidden = !isGoing;
    if (state === "running") this.bar.value = done;
    else this.bar.removeAttribute("value"); // nobody knows how long
    this.start.hidden = isGoing || state === "impossible";
    this.start.textContent = state === "absent" ? tr("Compute t-SNE") : tr("Try again");
    const going = [done ? `${Math.round(100 * done)} %` : tr("Looking for neighbours")];
    if (left) going.push(tr("{time} left", { time: about(left) }));
    const words = {
      absent: tr("It takes {time}, once for everybody", { time: about(seconds) }),
      queued: message || tr("Waiting for its turn: one map is computed at a time"),
      running: message || going.join(" · "),
    };
    this.told.textContent = words[state] ?? message;
  }
}

/** Seconds in words; no more exactly than they are known. */
export function about(seconds) {
  if (!Number.isFinite(seconds)) return tr("a while");
  if (seconds < 10) return tr("a few seconds");
  if (seconds < 55) return tr("about {count} seconds", { count: 5 * Math.round(seconds / 5) });
  if (seconds < 90) return tr("about a minute");
  return tr("about {count} minutes", { count: Math.round(seconds / 60) });
}

async function sentence(response) {
  return (await response.text()).slice(0, 200);
}
