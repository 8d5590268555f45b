// What the server's routes of the ledger answer: a JSON head, then float32 numbers by name.

import { tr } from "../words.js";

/** { head, arrays }; an error has the server's sentence. */
export async function fetchArrays(address) {
  const answer = await fetch(new URL(address, location.origin));
  if (!answer.ok) throw new Error(answer.status === 404 ? await answer.text() : tr("The server answers {status}. Reload the page.", { status: answer.status }));
  const content = await answer.arrayBuffer();
  const length = new DataView(content).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, length)));
  let place = 4 + length;
  const arrays = {};
  for (const [name, size] of head.arrays) {
    arrays[name] = new Float32Array(content, place, size);
    place += 4 * size;
  }
  return { head, arrays };
}
