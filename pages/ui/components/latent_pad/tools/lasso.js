// A lasso: while it is on, dragging on the map draws a line round codes instead of moving the point.

const LEAST_PIXELS = 3; // between two corners

export class Lasso {
  /** `onDraw(polygon)` while drawing, `onDone(polygon)` after; a polygon is [u, v] corners on the map's plane. */
  constructor(map, { onDraw, onDone }) {
    Object.assign(this, { map, onDraw, onDone, isOn: false, polygon: null });
    this.listeners = [
      ["pointerdown", (event) => this.press(event)],
      ["pointermove", (event) => this.follow(event)],
      ["pointerup", (event) => this.release(event)],
      ["pointercancel", (event) => this.release(event)],
    ];
    // before the map's own: an event that belongs to the lasso goes no further
    for (const [name, listener] of this.listeners) map.area.addEventListener(name, listener, { capture: true });
  }

  press(event) {
    const place = this.map.placeOf(event);
    if (!this.isOn || !place || event.button !== 0 || !event.isPrimary) return;
    event.stopImmediatePropagation();
    this.map.area.setPointerCapture(event.pointerId);
    this.polygon = [place];
    this.last = event;
  }

  follow(event) {
    if (!this.polygon || !event.isPrimary) return;
    event.stopImmediatePropagation();
    if (Math.hypot(event.clientX - this.last.clientX, event.clientY - this.last.clientY) < LEAST_PIXELS) return;
    this.last = event;
    this.polygon.push(this.map.placeOf(event, true));
    this.onDraw(this.polygon);
  }

  release(event) {
    if (!this.polygon || !event.isPrimary) return;
    event.stopImmediatePropagation();
    const { polygon } = this;
    this.polygon = null;
    if (polygon.length > 2) this.onDone(polygon);
  }

  /** Switch it on or off; what is half drawn is given up. */
  switch(isOn) {
    this.isOn = isOn;
    this.polygon = null;
    this.map.area.classList.toggle("lp-lassoing", isOn);
  }

  close() {
    for (const [name, listener] of this.listeners) this.map.area.removeEventListener(name, listener, { capture: true });
  }
}

/** Whether a place lies inside a polygon, by how many of its sides are crossed to the right (Shimrat 1962). */
export function isInside([u, v], polygon) {
  let inside = false;
  for (let k = 0, before = polygon.length - 1; k < polygon.length; before = k, k += 1) {
    const [[u1, v1], [u2, v2]] = [polygon[k], polygon[before]];
    if (v1 > v !== v2 > v && u < ((u2 - u1) * (v - v1)) / (v2 - v1) + u1) inside = !inside;
  }
  return inside;
}
