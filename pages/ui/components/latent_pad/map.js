// The map of codes: a Plotly scatter, and on top of it a handle that Plotly knows nothing of (a relayout would cost 10 ms).

import { tr } from "../words.js";
import { Overlay } from "./overlay.js";

// Ten colours that people with any colour vision tell apart (Petroff 2021, https://arxiv.org/abs/2107.02270), and seven
// shapes: together they are new for 70 groups.
export const COLOURS = ["#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"];
const SHAPES = ["circle", "square", "diamond", "cross", "x", "triangle-up", "star"];
const MANY_POINTS = 5000;
const RAW_MS = 4;

/** plotly.js, loaded once a page from the app itself: Streamlit's, if a chart was shown before, may not draw with WebGL. */
export function loadPlotly(url) {
  window.latentPadPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = url;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      window.latentPadPlotly = null; // the next model may ask again
      script.remove();
      reject(new Error(tr("the map's drawing library did not arrive")));
    };
    document.head.append(script);
  });
  return window.latentPadPlotly;
}

export class LatentMap {
  /** `area` holds the plot; `onHover(u, v, event)`, `onDrag(u, v, event)`, `onRelease()`, `onCancel()`, `onLeave()` tell of the pointer, `onZoom(zoom)` of the view. */
  constructor(area, callbacks) {
    this.area = area;
    this.callbacks = callbacks;
    this.plot = area.appendChild(document.createElement("div"));
    this.plot.className = "lp-plot";
    this.onView = () => {};
    this.handle = area.appendChild(document.createElement("div"));
    this.handle.className = "lp-handle";
    this.handle.dataset.testid = "handle";
    this.handle.hidden = true;
    this.overlay = new Overlay(this);
    this.dragging = false;
    this.place = [0, 0];
    this.followed = 0;
  }

  async open(url, samples, groups, plane, titles) {
    const plotly = await loadPlotly(url);
    if (this.closed) return;
    this.plotly = plotly;
    this.members = groups.names.map(() => []);
    samples.labels.forEach((label, n) => this.members[groups.of_label[label]].push(n));
    const [x, y] = samples.project(plane);
    const size = samples.count > MANY_POINTS ? 4 : 6;
    const traces = this.members.map((members, g) => ({
      type: "scattergl",
      mode: "markers",
      name: escape(groups.names[g]),
      x: pick(x, members),
      y: pick(y, members),
      marker: { size, opacity: 0.7, color: this.colourOf(g), symbol: SHAPES[g % SHAPES.length] },
    }));
    // nothing to see, but the axes make room for the handle too
    traces.push({ type: "scatter", mode: "markers", x: [this.place[0]], y: [this.place[1]], marker: { opacity: 0 }, showlegend: false });
    this.changing = this.plotly.newPlot(this.plot, traces, this.layout(titles, this.members.length > 1), this.config(samples.count));
    await this.changing;
    if (this.closed) return;
    const moved = (isOver) => () => {
      this.moveHandle();
      this.overlay.paint();
      this.onView(isOver);
    };
    this.plot.on("plotly_afterplot", moved(true));
    this.plot.on("plotly_relayouting", moved(false));
    this.plot.on("plotly_relayout", () => this.callbacks.onZoom(this.zoom));
    this.resizing = new ResizeObserver(() => {
      if (this.plot.offsetParent) this.changing = this.plotly.Plots.resize(this.plot);
    });
    this.resizing.observe(this.area);
    this.listen();
    this.handle.hidden = false;
    this.moveHandle();
  }

  /** Show the codes on another plane. */
  replot(samples, plane, titles) {
    const [x, y] = samples.project(plane);
    const update = { x: [...this.members.map((m) => pick(x, m)), [this.place[0]]], y: [...this.members.map((m) => pick(y, m)), [this.place[1]]] };
    this.changing = this.plotly.update(this.plot, update, { "xaxis.title.text": titles[0], "yaxis.title.text": titles[1], "xaxis.autorange": true, "yaxis.autorange": true, ...axesOf(plane) });
  }

  layout([xTitle, yTitle], withLegend) {
    this.coloured = JSON.stringify(this.colours());
    const axis = { zeroline: true, automargin: true };
    return {
      ...this.colours(),
      dragmode: false,
      hovermode: false,
      showlegend: withLegend,
      legend: { orientation: "h", y: -0.14, itemsizing: "constant" },
      margin: { l: 46, r: 8, t: 34, b: 40 },
      uirevision: "keep",
      xaxis: { ...axis, ...this.colours().xaxis, title: { text: xTitle, standoff: 6 } },
      yaxis: { ...axis, ...this.colours().yaxis, title: { text: yTitle, standoff: 6 }, scaleanchor: "x" },
    };
  }

  config(count) {
    const { Icons } = this.plotly;
    const togglePan = (plot) => this.plotly.relayout(plot, "dragmode", plot._fullLayout.dragmode === "pan" ? false : "pan");
    const pan = { name: "pan", title: tr("Drag the map instead of the point (on / off)"), icon: Icons.pan, click: togglePan };
    return {
      displaylogo: false,
      locales: { "en-US": { dictionary: { "Zoom in": tr("Zoom in"), "Zoom out": tr("Zoom out"), "Reset axes": tr("Reset axes") } } },
      showTips: false, // its own notices, over the page
      displayModeBar: true,
      scrollZoom: true,
      // few dots are drawn finer than the screen; of many that costs a second where no graphics card helps
      plotGlPixelRatio: count > MANY_POINTS ? window.devicePixelRatio || 1 : 2,
      doubleClick: "reset",
      modeBarButtons: [["zoomIn2d", "zoomOut2d", pan, "resetScale2d"]],
    };
  }

  colours() {
    const style = getComputedStyle(this.area);
    const text = style.getPropertyValue("--st-text-color") || "#333";
    const lines = style.getPropertyValue("--st-border-color") || "#ddd";
    const axis = { gridcolor: lines, zerolinecolor: lines, color: text };
    const nothing = "rgba(0,0,0,0)";
    return { paper_bgcolor: nothing, plot_bgcolor: nothing, font: { color: text }, modebar: { bgcolor: nothing, color: text, activecolor: text }, xaxis: axis, yaxis: axis };
  }

  /** Take the page's colours anew, after a change of theme. */
  recolour() {
    if (!this.plotly) return;
    const colours = this.colours();
    const wanted = JSON.stringify(colours);
    if (wanted === this.coloured) return; // laying out anew costs a frame or two
    this.coloured = wanted;
    const { xaxis, ...rest } = colours;
    const axes = {};
    for (const name of ["xaxis", "yaxis"]) for (const [key, value] of Object.entries(xaxis)) axes[`${name}.${key}`] = value;
    delete rest.yaxis;
    this.changing = this.plotly.relayout(this.plot, { ...rest, ...axes });
  }

  /** Put the handle over a place on the plane. */
  show(u, v) {
    this.place = [u, v];
    this.moveHandle();
  }

  moveHandle() {
    const { xaxis, yaxis } = this.plot._fullLayout ?? {};
    if (!xaxis) return;
    const x = xaxis._offset + xaxis.l2p(this.place[0]);
    const y = yaxis._offset + yaxis.l2p(this.place[1]);
    this.handle.style.transform = `translate(${x}px, ${y}px)`;
  }

  /** What is in sight: ranges u and v, pixels x(u) and y(v) of a canvas over it, its place and size, and pixels a unit. */
  get view() {
    const { xaxis, yaxis } = this.plot._fullLayout ?? {};
    if (!xaxis?._length) return null;
    return {
      u: [...xaxis.range],
      v: [...yaxis.range],
      x: (u) => xaxis.l2p(u),
      y: (v) => yaxis.l2p(v),
      left: xaxis._offset,
      top: yaxis._offset,
      width: xaxis._length,
      height: yaxis._length,
      scale: Math.abs(xaxis.l2p(1) - xaxis.l2p(0)),
    };
  }

  /** What is in sight, for the link: "u0,u1,v0,v1"; empty for everything. */
  get zoom() {
    const { xaxis, yaxis } = this.plot._fullLayout;
    return xaxis.autorange ? "" : [...xaxis.range, ...yaxis.range].map((value) => Math.round(value * 1e3) / 1e3).join(",");
  }

  set zoom(zoom = "") {
    const ranges = zoom.split(",").map(Number);
    if (!this.plotly || zoom === this.zoom || (zoom && !(ranges.length === 4 && ranges.every(Number.isFinite)))) return;
    const [u0, u1, v0, v1] = ranges;
    const wanted = zoom ? { "xaxis.range": [u0, u1], "yaxis.range": [v0, v1] } : { "xaxis.autorange": true, "yaxis.autorange": true };
    this.changing = this.plotly.relayout(this.plot, wanted);
  }

  /** A canvas over the dots, or under them; whoever paints on it gives it place and size. */
  addCanvas(above, name) {
    const canvas = document.createElement("canvas");
    canvas.className = "lp-layer";
    canvas.dataset.layer = name;
    this.area.insertBefore(canvas, above ? (this.overlay.canvas ?? this.handle) : this.plot); // lines lie over every layer
    return canvas;
  }

  /** Let the dots step back behind what is painted over them, or forth again. */
  dim(isDim) {
    this.area.classList.toggle("lp-dim", isDim);
  }

  colourOf(group) {
    return COLOURS[group % COLOURS.length];
  }

  /** One arrow key's step: a hundredth of what is in view. */
  get step() {
    const { range } = this.plot._fullLayout.xaxis;
    return (range[1] - range[0]) / 100;
  }

  listen() {
    this.area.addEventListener("pointerdown", (event) => {
      const place = this.placeOf(event);
      if (this.dragging && !event.isPrimary) return stop(this.callbacks.onCancel); // a second finger: no drag was meant
      if (!place || event.button !== 0 || !event.isPrimary || this.plot._fullLayout.dragmode === "pan") return;
      this.dragging = true;
      this.area.setPointerCapture(event.pointerId);
      this.area.focus({ preventScroll: true, focusVisible: false });
      this.callbacks.onDrag(...place, event);
    });
    // browsers hold "pointermove" back until the next frame; the raw event comes at once, but maybe a thousand times a second
    this.area.addEventListener("pointerrawupdate", (event) => event.timeStamp - this.followed < RAW_MS || this.follow(event));
    this.area.addEventListener("pointermove", (event) => this.follow(event));
    const stop = (tell) => {
      if (!this.dragging) return;
      this.dragging = false;
      tell();
    };
    this.area.addEventListener("pointerup", () => stop(this.callbacks.onRelease));
    this.area.addEventListener("pointercancel", () => stop(this.callbacks.onRelease));
    this.area.addEventListener("pointerleave", () => this.dragging || this.callbacks.onLeave());
  }

  follow(event) {
    if (!event.isPrimary) return;
    if (event.clientX === this.last?.clientX && event.clientY === this.last?.clientY) return;
    this.last = event;
    this.followed = event.timeStamp;
    const place = this.placeOf(event, this.dragging);
    if (!place) this.callbacks.onLeave();
    else if (this.dragging) this.callbacks.onDrag(...place, event);
    else if (event.buttons === 0) this.callbacks.onHover(...place, event);
  }

  /** The place under the pointer, or null outside the axes; `clamped` keeps to their edge instead. */
  placeOf(event, clamped = false) {
    const { xaxis, yaxis } = this.plot._fullLayout;
    const box = this.plot.getBoundingClientRect();
    let x = event.clientX - box.left - xaxis._offset;
    let y = event.clientY - box.top - yaxis._offset;
    if (clamped) {
      x = Math.min(Math.max(x, 0), xaxis._length);
      y = Math.min(Math.max(y, 0), yaxis._length);
    } else if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length) return null;
    return [xaxis.p2l(x), yaxis.p2l(y)];
  }

  close() {
    this.closed = true;
    this.resizing?.disconnect();
    // plotly changes a plot step by step, and must find it whole until the last one
    Promise.resolve(this.changing).catch(() => {}).finally(() => this.plotly?.purge(this.plot)); // prettier-ignore
  }
}

/** plotly reads a few HTML tags in names. */
function escape(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Numbers and zero lines for a plane; where no place is a latent they would measure nothing. */
function axesOf({ hasInverse }) {
  const names = ["xaxis.showticklabels", "xaxis.zeroline", "yaxis.showticklabels", "yaxis.zeroline"];
  return Object.fromEntries(names.map((name) => [name, hasInverse]));
}

function pick(values, indices) {
  return Float32Array.from(indices, (n) => values[n]);
}
