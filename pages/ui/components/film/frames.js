// The probe set on the map in every frame, and the way from a place of the map to that frame's latent.

export async function fetchFrames(data) {
  const answer = await fetch(new URL(data.arrays, location.origin));
  if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
  return new Frames(data, await answer.arrayBuffer());
}

class Frames {
  constructor({ epochs, count, latents }, buffer) {
    const frames = epochs.length;
    this.count = count;
    this.latents = latents;
    this.places = new Float32Array(buffer, 0, frames * count * 2);
    this.lifts = new Float32Array(buffer, this.places.byteLength, frames * 3 * latents);
    this.groups = new Int32Array(buffer, this.places.byteLength + this.lifts.byteLength, count);
    this.between = new Float32Array(count * 2);
  }

  /** Places [n, 2] at a position in frames, on straight lines between two of them. */
  at(position) {
    const size = this.count * 2;
    const first = Math.floor(position);
    const share = position - first;
    const from = this.places.subarray(first * size, (first + 1) * size);
    if (!share) return from;
    const to = this.places.subarray((first + 1) * size, (first + 2) * size);
    for (let i = 0; i < size; i += 1) this.between[i] = from[i] + share * (to[i] - from[i]);
    return this.between;
  }

  /** The latent of a frame over (u, v). */
  latent(frame, u, v) {
    const { latents, lifts } = this;
    const start = frame * 3 * latents;
    return Array.from({ length: latents }, (_, i) => lifts[start + i] + u * lifts[start + latents + i] + v * lifts[start + 2 * latents + i]);
  }
}
