// A scatter of rows of two numbers in original units, with axes: drawn once, and again when size or colours change.

import { add } from "../elements.js";

const MARGIN = 0.12; // of the data's extent, on every side
const EDGE = { left: 52, right: 10, top: 8, bottom: 42 }; // of the page's pixels, for numbers and names
const TICK_PIXELS = 70;
const ALIKE = 6; // extents that differ by less get equal scales; else one column would be a line
const MANY_POINTS = 5000;

export class PlanePlot {
  constructor(area, fields) {
    Object.assign(this, { area, fields, canvas: add(area, "canvas", "lp-space-plot"), x: null, groups: [] });
  }

  /** The data's points, x [N, 2] standardised, as groups of { members: their numbers, or null for all, colour }. */
  put(x, groups) {
    Object.assign(this, { x, groups });
  }

  paint() {
    const { clientWidth: width, clientHeight: height } = this.area;
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    Object.assign(this.canvas, { width: width * scale, height: height * scale }); // which also clears it
    const context = this.canvas.getContext("2d");
    context.scale(scale, scale);
    this.view = viewOf(this.fields, width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom);
    const style = getComputedStyle(this.area);
    this.paintAxes(context, style.color, style.getPropertyValue("--st-border-color"), style.fontFamily);
    this.paintPoints(context);
  }

  paintAxes(context, text, lines, family) {
    const { view } = this;
    const { left, top, width, height } = view;
    context.font = `12px ${family}`;
    context.lineWidth = 1;
    context.strokeStyle = lines;
    context.fillStyle = text;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const value of ticks(view.xRange, width / TICK_PIXELS)) {
      const x = Math.round(left + view.x(value)) + 0.5;
      context.strokeRect(x, top, 0, height);
      context.fillText(tickText(value), x, top + height + 5);
    }
    context.fillText(this.fields[0].name, left + width / 2, top + height + 24, width);
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const value of ticks(view.yRange, height / TICK_PIXELS)) {
      const y = Math.round(top + view.y(value)) + 0.5;
      context.strokeRect(left, y, width, 0);
      context.fillText(tickText(value), left - 6, y, left - 18);
    }
    context.save();
    context.translate(8, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(this.fields[1].name, 0, 0, height);
    context.restore();
  }

  paintPoints(context) {
    const { x, view, fields } = this;
    if (!x) return;
    const isMany = x.length / 2 > MANY_POINTS;
    context.globalAlpha = isMany ? 0.5 : 0.7;
    const one = (n) => {
      const across = view.left + view.x(fields[0].mean + fields[0].scale * x[2 * n]);
      const down = view.top + view.y(fields[1].mean + fields[1].scale * x[2 * n + 1]);
      if (isMany) return context.fillRect(across - 1, down - 1, 2, 2);
      context.beginPath();
      context.arc(across, down, 2.5, 0, 2 * Math.PI);
      context.fill();
    };
    for (const { members, colour } of this.groups) {
      context.fillStyle = colour;
      if (members) members.forEach(one);
      else for (let n = 0; n < x.length / 2; n += 1) one(n);
    }
    context.globalAlpha = 1;
  }
}

/**
 * What is in sight of the data's extremes and a margin, on a canvas of so many pixels within its edges: ranges, pixels
 * x(value) and y(value), and back(across, down) to [x, y]. Scales are equal unless that would flatten one column.
 */
export function viewOf([{ low: x0, high: x1 }, { low: y0, high: y1 }], width, height) {
  const extents = [x1 - x0 || 1, y1 - y0 || 1].map((extent) => (1 + 2 * MARGIN) * extent);
  let [across, up] = [width / extents[0], height / extents[1]]; // pixels a unit
  if (Math.max(...extents) < ALIKE * Math.min(...extents)) across = up = Math.min(across, up);
  const [xMiddle, yMiddle] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return {
    left: EDGE.left,
    top: EDGE.top,
    width,
    height,
    xRange: [xMiddle - width / 2 / across, xMiddle + width / 2 / across],
    yRange: [yMiddle - height / 2 / up, yMiddle + height / 2 / up],
    x: (value) => width / 2 + (value - xMiddle) * across,
    y: (value) => height / 2 - (value - yMiddle) * up,
    back: (right, down) => [xMiddle + (right - width / 2) / across, yMiddle - (down - height / 2) / up],
  };
}

/** A round number near value: 1, 2 or 5 times a power of ten. */
export function round125(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((step) => value / power <= step * 1.0001);
}

/** Round numbers in a range, about so many. */
export function ticks([low, high], count) {
  const step = round125((high - low) / Math.max(count, 1));
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(Math.floor(high / step) - first + 1, 0) }, (_, k) => (first + k) * step);
}

function tickText(value) {
  const plain = Number(value.toPrecision(6));
  const isPlain = plain === 0 || (Math.abs(plain) >= 1e-4 && Math.abs(plain) < 1e7);
  return (isPlain ? plain.toLocaleString("en", { useGrouping: "min2", maximumFractionDigits: 6 }) : plain.toExponential()).replace("-", "−");
}
