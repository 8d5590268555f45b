// The point: a place in latent space, with the dimensions that are locked and the places where it has been.

const KEPT_PLACES = 200;

export class Point {
  /** `largest` is how far out a latent may be: the address holds no more. */
  constructor(z, largest) {
    this.largest = largest;
    this.z = [...z];
    this.locked = new Set();
    this.places = [this.z]; // where it has rested, oldest first
    this.now = 0; // which of them it stands at
  }

  /** Go to z, but for the dimensions that are locked. */
  move(z) {
    const { largest, locked } = this;
    this.z = z.map((value, i) => (locked.has(i) ? this.z[i] : Math.min(Math.max(value, -largest), largest)));
  }

  /** Rest here: what came after an undone place is forgotten. */
  settle() {
    if (same(this.z, this.places[this.now])) return;
    this.places = [...this.places.slice(0, this.now + 1), [...this.z]].slice(-KEPT_PLACES);
    this.now = this.places.length - 1;
  }

  /** Where it rested last. */
  get rested() {
    return [...this.places[this.now]];
  }

  get canUndo() {
    return this.now > 0;
  }

  get canRedo() {
    return this.now < this.places.length - 1;
  }

  /** Back to where it rested before, or with +1 forth again; locked or not. */
  step(by) {
    this.now = Math.min(Math.max(this.now + by, 0), this.places.length - 1);
    this.z = this.rested;
  }
}

function same(a, b) {
  return a.every((value, i) => value === b[i]);
}
