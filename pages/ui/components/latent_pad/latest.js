// Work in steps, of which only the newest counts: what is asked for anew meanwhile makes the older one stale.

export class Latest {
  constructor() {
    this.turn = 0;
  }

  /** Begin; returns a function that says whether nothing newer has begun since, and nobody has stopped it. */
  begin() {
    this.turn += 1;
    const { turn } = this;
    return () => turn === this.turn;
  }

  stop() {
    this.turn += 1;
  }
}
