// What the line under the map says once map and decoder have arrived, or failed to.

/** `decoding` and `mapping` are how the two ended, as Promise.allSettled tells. */
export function noteOf({ samples, decoder }, decoding, mapping) {
  const sentences = [];
  if (mapping.status === "fulfilled") sentences.push(`${samples.count.toLocaleString("en")} codes`);
  else sentences.push(`No map: ${mapping.reason.message}`);
  if (decoding.status === "rejected") sentences.push(`No decoder: ${decoding.reason.message}. Reload the page`);
  else if (decoder.where === "browser") sentences.push("decoding in this browser");
  else sentences.push(`decoding on the server: ${decoder.why}`);
  return sentences.join(" · ");
}
