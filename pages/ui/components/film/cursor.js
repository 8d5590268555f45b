// What the cursor's place decodes to with the decoder of the epoch that is shown. One graph for all epochs, without
// weights; those of an epoch are fetched when the scrubber rests there, of a small film all beforehand, and kept.

import { loadRuntime } from "../latent_pad/networks.js";
import { paintReconstruction } from "../latent_pad/picture.js";
import { tr } from "../words.js";
import { halves } from "./half.js";
import { Surface } from "./surface.js";

const BEFOREHAND_BYTES = 24 * 2 ** 20;

export class Cursor {
  /** `onDecoder(epoch)` tells with which epoch's decoder the picture was made, "" where it is on its way. */
  constructor(parent, data, onDecoder) {
    Object.assign(this, { data, onDecoder, weights: new Map(), feeds: null, wanted: null, isBusy: false });
    this.surface = new Surface(parent, "", "decoded", "fm-square fm-decoded");
    if (data.decoder.why_not) this.say(tr("Not decoded at the cursor: {why}", { why: data.decoder.why_not }), true);
  }

  say(words, isOld) {
    this.surface.caption.textContent = words;
    this.surface.canvas.classList.toggle("fm-old", isOld);
    this.surface.describe(words);
  }

  /** Fetch the weights of a frame, and first of all the graph. */
  async load(frame) {
    if (this.data.decoder.why_not || this.weights.has(frame) || this.loading === frame) return;
    this.loading = frame;
    try {
      this.session ??= this.open();
      await this.session;
      if (this.loading !== frame) return; // the scrubber has gone on
      if (!this.weights.has(frame)) this.say(tr("The decoder of epoch {epoch} is on its way…", { epoch: this.data.epochs[frame] }), true);
      await this.fetchWeights(frame);
      this.decode();
    } catch (error) {
      this.session = null;
      if (!this.closed) this.say(tr("The decoder could not be loaded: {why}", { why: error.message }), true);
    } finally {
      if (this.loading === frame) this.loading = null;
    }
  }

  /** Of a film whose weights are few, fetch all one after another, so that the cursor decodes while one scrubs. */
  async loadAll() {
    const { why_not, shapes } = this.data.decoder;
    const bytes = 2 * this.data.epochs.length * shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
    if (why_not || bytes > BEFOREHAND_BYTES) return false;
    await this.session;
    for (let frame = this.data.epochs.length - 1; frame >= 0 && !this.closed; frame -= 1) await this.fetchWeights(frame);
    return !this.closed;
  }

  async fetchWeights(frame) {
    if (this.weights.has(frame)) return;
    const answer = await fetch(new URL(this.data.decoder.weights + this.data.epochs[frame], location.origin));
    if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
    this.weights.set(frame, halves(new Uint16Array(await answer.arrayBuffer())));
  }

  async open() {
    this.say(tr("The decoder is being prepared, once for this film…"), true);
    const [ort, answer] = await Promise.all([loadRuntime(this.data.runtime), fetch(new URL(this.data.decoder.graph, location.origin))]);
    if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
    this.ort = ort;
    return ort.InferenceSession.create(new Uint8Array(await answer.arrayBuffer()));
  }

  /** Decode a latent (a conditional model's label after it) with a frame's decoder, if that is here. */
  show(frame, latent) {
    this.wanted = { frame, latent };
    this.decode();
  }

  /** Of what is wanted meanwhile only the newest is decoded next. */
  async decode() {
    if (this.isBusy || !this.wanted || this.data.decoder.why_not) return;
    this.isBusy = true;
    try {
      while (this.wanted && !this.closed) {
        const { frame, latent } = this.wanted;
        if (!this.weights.has(frame)) {
          this.onDecoder("");
          if (this.weights.size && this.loading !== frame) this.say(tr("Decoded here when the scrubber rests."), true);
          break;
        }
        this.wanted = null;
        await this.paint(frame, latent);
      }
    } catch (error) {
      this.say(tr("Decoding has stopped: {why}. Reload the page.", { why: error.message }), true);
    } finally {
      this.isBusy = false;
    }
  }

  async paint(frame, latent) {
    const session = await this.session;
    if (this.feeds?.frame !== frame) this.feeds = { frame, tensors: this.tensors(frame) };
    const z = new this.ort.Tensor("float32", Float32Array.from(latent), [1, latent.length]);
    const outputs = await session.run({ z, ...this.feeds.tensors });
    if (this.closed) return;
    paintReconstruction(this.surface.canvas, outputs[session.outputNames[0]].data, this.data.shape);
    const epoch = this.data.epochs[frame];
    this.say(tr("Decoded at the cursor, epoch {epoch}", { epoch }), false);
    this.onDecoder(epoch);
  }

  tensors(frame) {
    const values = this.weights.get(frame);
    const { names, shapes } = this.data.decoder;
    let start = 0;
    const pairs = names.map((name, k) => {
      const size = shapes[k].reduce((a, b) => a * b, 1);
      start += size;
      return [name, new this.ort.Tensor("float32", values.subarray(start - size, start), shapes[k])];
    });
    return Object.fromEntries(pairs);
  }

  close() {
    this.closed = true;
    this.wanted = null;
    this.session?.then((session) => session.release()).catch(() => {});
  }
}
