// A model as scenes use it: its codes, its pictures, and both halves in this browser.

import { openDecoder, openEncoder } from "../latent_pad/networks.js";
import { Samples } from "../latent_pad/samples.js";

const LEAST = 1e-7;

export class Model {
  constructor(described) {
    this.data = described;
    this.latents = described.latents;
    this.shape = described.shape;
    this.start = described.start;
  }

  /** Fetch codes and decoder; the encoder and the pictures only for who wants them. */
  async open({ encoder = false, pictures = false } = {}) {
    const opening = [Samples.fetch(this.data), openDecoder(this.data), encoder ? openEncoder(this.data) : null];
    [this.samples, this.decoder, this.encoder] = await Promise.all(opening);
    if (pictures && this.data.thumbnails) await this.samples.fetchThumbnails(this.data.thumbnails);
    return this;
  }

  /** Values of the picture that a latent decodes to. */
  decode = (z) => this.unlessClosed(() => this.decoder.decode(Float32Array.from(z)));

  /** Mean and std of the posterior of a picture's values. */
  encode = (x) => this.unlessClosed(() => this.encoder.encode(Float32Array.from(x)));

  /** What is asked; when the lesson was left meanwhile there is nobody to answer, and no error to tell. */
  async unlessClosed(ask) {
    try {
      if (!this.isClosed) return await ask();
    } catch (error) {
      if (!this.isClosed) throw error;
    }
    return new Promise(() => {});
  }

  code(n) {
    return [...this.samples.code(n)];
  }

  std(n) {
    return [...this.samples.stds.slice(n * this.latents, (n + 1) * this.latents)];
  }

  /** Values [C, H, W] in [0, 1] of example n, from its thumbnail: whole for pictures as small as ours. */
  picture(n) {
    const { pixels, side, channels } = this.samples.thumbnails;
    const start = n * side * side * channels;
    const values = new Float32Array(side * side * channels);
    for (let pixel = 0; pixel < side * side; pixel += 1) {
      for (let channel = 0; channel < channels; channel += 1) {
        values[channel * side * side + pixel] = pixels[start + pixel * channels + channel] / 255;
      }
    }
    return values;
  }

  close() {
    this.isClosed = true;
    this.decoder?.close();
    this.encoder?.close();
  }
}

/** −log p(x | z) of a Bernoulli likelihood in nats, in its two sums: what the ink costs and what the ground costs.
 *  Kingma & Welling 2014, appendix C.1 (https://arxiv.org/abs/1312.6114). */
export function reconstructionLoss(x, mean) {
  let [ink, ground] = [0, 0];
  for (let i = 0; i < x.length; i += 1) {
    const p = Math.min(Math.max(mean[i], LEAST), 1 - LEAST);
    ink -= x[i] * Math.log(p);
    ground -= (1 - x[i]) * Math.log(1 - p);
  }
  return { ink, ground, whole: ink + ground };
}

/** KL(N(mean, std²) ‖ N(0, 1)) of each dimension in nats: the same paper, appendix B. */
export function kl(mean, std) {
  return Array.from(mean, (value, i) => (value ** 2 + std[i] ** 2 - 1) / 2 - Math.log(std[i]));
}

/** A draw from N(0, 1): Box & Muller 1958. */
export function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** Work of which only the newest matters: while it runs, it is asked for once more at most. */
export function newestOnly(work) {
  let [isWanted, running] = [false, null];
  const run = async () => {
    while (isWanted) {
      isWanted = false;
      await work();
    }
  };
  return () => {
    isWanted = true;
    running ??= run().finally(() => (running = null));
    return running;
  };
}
