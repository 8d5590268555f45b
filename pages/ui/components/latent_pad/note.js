// The line under the map: how many codes it shows, where decoding happens, and what went wrong.

import { add } from "./elements.js";

export class Note {
  constructor(parent) {
    this.line = add(parent, "p", "lp-note");
    this.line.textContent = "Loading the decoder and the map…";
  }

  /** After both have been opened, or failed: two settled promises. */
  opened(decoding, mapping, { samples, decoder, data }) {
    const sentences = [];
    if (mapping.status === "fulfilled") sentences.push(`${samples.count.toLocaleString("en")} ${data.is_drawn ? "draws from N(0, I), as the model came without data" : "codes"}`);
    else sentences.push(`No map: ${mapping.reason.message}`);
    if (decoding.status === "rejected") sentences.push(`No decoder: ${decoding.reason.message}. Reload the page`);
    else if (decoder.where === "browser") sentences.push("decoding in this browser");
    else sentences.push(`decoding on the server: ${decoder.why}`);
    this.line.textContent = sentences.join(" · ");
  }

  decodingStopped(message) {
    this.line.textContent = `Decoding stopped: ${message}. Move the point to try again.`;
  }
}
