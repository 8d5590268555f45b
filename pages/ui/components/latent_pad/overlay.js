// What is drawn over the dots of the map: lines, and letters that mark places.

export class Overlay {
  /** `map` gives a canvas and what is in sight. */
  constructor(map) {
    Object.assign(this, { map, lines: [], marks: {} });
  }

  /** Lines in place of those before: { colour, points [u, v] } each. */
  draw(lines) {
    this.lines = lines;
    this.paint();
  }

  /** A letter at a place on the plane; null takes it away. */
  mark(letter, place) {
    this.marks[letter] = place;
    this.paint();
  }

  paint() {
    const { view } = this.map;
    if (!view) return;
    this.canvas ??= this.map.addCanvas(true, "routes");
    const context = fit(this.canvas, view);
    for (const [width, halo] of [[5, true], [2.5, false]]) {
      for (const { colour, points } of this.lines) {
        context.lineWidth = width;
        context.strokeStyle = halo ? "#fffc" : colour;
        context.beginPath();
        points.forEach(([u, v]) => context.lineTo(view.x(u), view.y(v)));
        context.stroke();
      }
    } // prettier-ignore
    context.font = "600 13px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [letter, place] of Object.entries(this.marks)) if (place) paintMark(context, letter, view.x(place[0]), view.y(place[1]));
  }
}

function paintMark(context, letter, x, y) {
  context.beginPath();
  context.arc(x, y, 10, 0, 2 * Math.PI);
  context.fillStyle = "#222";
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = "#fff";
  context.stroke();
  context.fillStyle = "#fff";
  context.fillText(letter.toUpperCase(), x, y + 0.5);
}

/** Bring a canvas over what is in sight, empty it, and give its context in the page's pixels. */
export function fit(canvas, view) {
  const scale = window.devicePixelRatio || 1;
  Object.assign(canvas, { width: view.width * scale, height: view.height * scale }); // which also clears it
  Object.assign(canvas.style, { left: `${view.left}px`, top: `${view.top}px`, width: `${view.width}px`, height: `${view.height}px` });
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return context;
}
