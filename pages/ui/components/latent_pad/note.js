// The line under the map: how many codes it shows, where decoding happens, and what went wrong.

import { tr, trn } from "../words.js";
import { add } from "./elements.js";

export class Note {
  constructor(parent) {
    this.line = add(parent, "p", "lp-note");
    this.line.textContent = tr("Loading the decoder and the map…");
  }

  /** After both have been opened, or failed: two settled promises. */
  opened(decoding, mapping, { samples, decoder, data }) {
    const sentences = [];
    if (mapping.status === "rejected") sentences.push(tr("No map: {why}", { why: mapping.reason.message }));
    else if (data.is_drawn) sentences.push(tr("{count} draws from N(0, I), as the model came without data", { count: samples.count.toLocaleString("en") }));
    else sentences.push(trn("{count} code", "{count} codes", samples.count));
    if (decoding.status === "rejected") sentences.push(tr("No decoder: {why}. Reload the page", { why: decoding.reason.message }));
    else if (decoder.where === "browser") sentences.push(tr("decoding in this browser"));
    else sentences.push(tr("decoding on the server: {why}", { why: decoder.why }));
    this.line.textContent = sentences.join(" · ");
  }

  decodingStopped(message) {
    this.line.textContent = tr("Decoding stopped: {why}. Move the point to try again.", { why: message });
  }
}
