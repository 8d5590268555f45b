// The live explorer. One point in latent space; map, sliders, buttons and keys move it, and every move decodes at once.

import { tr } from "../words.js";
import { Around } from "./around.js";
import { LabelChooser } from "./conditions.js";
import { add } from "./elements.js";
import { Filmstrips } from "./filmstrips.js";
import { HoverCard } from "./hover.js";
import { Keys } from "./keys.js";
import { Layers } from "./layers/layers.js";
import { Link } from "./link.js";
import { LatentMap, loadPlotly } from "./map.js";
import { openDecoder, openEncoder } from "./networks.js";
import { Note } from "./note.js";
import { Output } from "./output.js";
import { paintReconstruction } from "./picture.js";
import { PlaneChooser } from "./planes.js";
import { Point } from "./point.js";
import { PointBar } from "./pointbar.js";
import { Samples } from "./samples.js";
import { Sliders } from "./sliders.js";
import { Table } from "./table/table.js";
import { Tools } from "./tools/tools.js";
import { Watch } from "./watch.js";

/** Show what `data` describes in `root`; called again by Streamlit whenever data or theme change. */
export async function show(root, data) {
  if (root.pad?.shows(data)) return root.pad.update(data);
  remove(root);
  root.pad = new LatentPad(root, data);
  return root.pad.open();
}

export function remove(root) {
  root.pad?.close();
  delete root.pad;
  delete root.dataset.decoder;
  root.replaceChildren();
}

class LatentPad {
  constructor(root, data) {
    this.root = root;
    this.data = data;
    this.table = data.columns ? new Table(this, data) : null;
    this.paintDecoded = this.table?.paint ?? ((canvas, values) => paintReconstruction(canvas, values, data.shape));
    this.point = new Point(data.z, data.largest_latent);
    this.link = new Link(root, data);
    this.build();
  }

  build() {
    const { data } = this;
    const main = add(this.root, "div", "lp-main");
    const chosen = (plane) => {
      this.link.set("zoom", "");
      this.changePlane(plane);
      this.remember("map", this.chooser.name);
    };
    this.chooser = new PlaneChooser(add(main, "div", "lp-planes"), data, chosen, (plane) => this.changePlane(plane));
    this.chooser.name = this.link.view.map;
    this.area = add(main, "div", "lp-map");
    this.area.tabIndex = 0;
    this.area.setAttribute("role", "application");
    this.area.setAttribute("aria-label", tr("Map of the latent space. Arrow keys move the point."));
    this.layerBar = add(main, "div", "lp-layers");
    this.note = new Note(main);
    const side = add(this.root, "div", "lp-side");
    this.labels = new LabelChooser(add(side, "div", "lp-label"), data.conditions, data.label, (event) => {
      this.look(this.point.z, event, "at the handle");
      this.settle();
      this.tools.relabel();
    });
    const pictures = add(side, "div", "lp-pictures");
    this.output = new Output(pictures, this, {
      onPaint: (z) => this.watch.see(z),
      onError: (message) => this.note.decodingStopped(message),
    });
    this.around = new Around(this, pictures, side);
    this.watch = new Watch(this);
    this.bar = new PointBar(add(side, "div", "lp-bar"), this);
    const dimensions = data.order.map((index) => ({ index, low: data.ranges[index][0], high: data.ranges[index][1], kl: data.kl[index] }));
    this.sliders = new Sliders(add(side, "div", "lp-sliders"), dimensions, data.collapsed, this.point.z, {
      onMove: (i, value, event, isDragged) => this.move(this.point.z.with(i, value), event, isDragged ? i : undefined),
      onRelease: () => this.settle(),
      onLock: (dimensions) => this.lock(dimensions),
    });
    this.strips = data.columns ? null : new Filmstrips(this.sliders, data.shape, this.decode);
    this.tools = new Tools(add(this.root, "div", "lp-tools"), this, (name) => this.remember("tool", name));
    this.map = new LatentMap(this.area, {
      onDrag: (u, v, event) => this.move(this.plane.lift(u, v, this.point.z), event),
      onHover: (u, v, event) => this.look(this.plane.lift(u, v, this.point.z), event),
      onRelease: () => this.settle(),
      onCancel: () => this.jump(this.point.rested),
      onLeave: () => this.lookBack(),
      onZoom: (zoom) => this.root.dataset.ready && this.remember("zoom", zoom), // a plot that is being made zooms too
    });
    this.table?.build(main);
    this.keys = new Keys(this.root, this.area, {
      onStep: (du, dv, event) => this.step(du, dv, event),
      onRest: () => this.settle(),
      onUndo: (isRedo) => this.undo(isRedo ? 1 : -1),
    });
    this.plane = this.chooser.plane;
    new HoverCard(this);
    this.sliders.show(this.point.z);
    this.bar.show(this.point);
  }

  async open() {
    this.opening = openDecoder(this.data).then((opened) => {
      if (this.closed) return opened.close();
      this.decoder = opened;
    });
    const decoder = this.opening.then(async () => {
      if (this.closed) return;
      this.paintDecoded(this.output.canvas, await this.decode(this.point.z));
      this.root.dataset.decoder = this.decoder.where;
    });
    loadPlotly(this.data.plotly).catch(() => {}); // on its way while the codes are; the map says if it does not arrive
    const map = Samples.fetch(this.data).then(async (samples) => {
      if (this.closed) return;
      this.samples = samples;
      this.around.open(samples);
      this.map.place = this.plane.project(this.point.z);
      await this.map.open(this.data.plotly, samples, this.data.groups, this.plane, this.chooser.titles);
      if (this.closed) return;
      const thumbnails = this.data.thumbnails && samples.fetchThumbnails(this.data.thumbnails); // megabytes: the map goes first
      this.map.show(...this.plane.project(this.point.z));
      this.layers = new Layers(this.layerBar, this.map, this, (names) => this.remember("layers", names));
      this.map.onView = (isOver) => this.layers.refresh(isOver ? "view" : "");
      this.chooser.open(samples);
      await Promise.allSettled([thumbnails]); // without them the map is a map all the same
      this.layers.refresh("pictures");
    });
    const [decoding, mapping] = await Promise.allSettled([decoder, map]);
    if (this.closed) return;
    this.note.opened(decoding, mapping, this);
    this.recall();
    this.watch.look(this.point.z);
    this.root.dataset.ready = "true";
    await this.openEncoder();
  }

  /** Last, as nothing that one looks at first waits for it. */
  async openEncoder() {
    if (!this.data.has_encoder) return;
    try {
      const opened = await openEncoder(this.data);
      if (this.closed) return opened.close();
      this.encoder = opened;
      this.root.dataset.encoder = opened.where;
      this.watch.rest();
    } catch (error) {
      console.warn("latent-pad: no encoder, because", error);
    }
  }

  shows(data) {
    return ["model", "version", "words"].every((name) => data[name] === this.data[name]);
  }

  /** New data for the same model: another theme, or another place from the address. */
  update(data) {
    const isNews = this.link.hear(data) && !this.map.dragging;
    this.data = data;
    this.map.recolour();
    this.table?.recolour();
    if (!isNews) return;
    this.link.take(data);
    this.labels.index = data.label;
    this.point.z = [...data.z];
    this.point.settle();
    this.arrive();
    this.recall();
    this.layers?.refresh("point");
  }

  /** Open what the link names: plane, layers, tool. */
  recall() {
    const { map, layers, tool, lock, zoom } = this.link.view;
    this.sliders.locked = (lock ?? "").split(",").filter(Boolean).map(Number);
    this.point.locked = new Set(this.sliders.locked);
    if (map !== (this.chooser.name || undefined)) {
      this.chooser.name = map;
      this.changePlane(this.chooser.plane);
    }
    if (!this.chooser.isAwaited) this.map.zoom = zoom;
    this.layers?.choose((layers ?? "").split(","));
    this.table?.recall();
    if (this.decoder) this.tools.open(tool);
  }

  /** Move the point: handle, sliders and picture follow. `slider` is the one that is being dragged. */
  move(z, event, slider) {
    this.point.move(z);
    this.arrive(event, slider);
  }

  arrive(event, slider) {
    this.strips?.stop();
    this.map.show(...this.plane.project(this.point.z));
    this.sliders.show(this.point.z, slider);
    this.bar.show(this.point);
    this.look(this.point.z, event, "at the handle");
  }

  /** Keep these dimensions as they are, whatever else moves the point. */
  lock(dimensions) {
    this.point.locked = new Set(dimensions);
    this.remember("lock", dimensions);
  }

  /** Go there at once, and rest there. */
  jump(z) {
    this.move(z);
    this.settle();
  }

  /** Back to where the point rested before, or with +1 forth again. */
  undo(by) {
    this.point.step(by);
    this.arrive();
    this.layers?.refresh("point");
    this.commit();
  }

  /** The point rests: it can be come back to, and Python is told. */
  settle() {
    this.point.settle();
    this.bar.show(this.point);
    this.layers?.refresh("point");
    this.commit();
  }

  /** Decode a point without moving there. */
  look(z, event, where = "at the pointer") {
    this.looking = where;
    this.output.show(z, event);
  }

  lookBack() {
    if (this.looking === "at the pointer") this.look(this.point.z, undefined, "at the handle");
  }

  /** Values that a latent decodes to, with the label that is chosen. */
  decode = async (z) => {
    if (!this.decoder) await this.opening;
    if (!this.decoder) throw new Error(tr("the explorer was closed"));
    return this.decoder.decode(this.labels.input(z));
  };

  /** Mean and std of q(z | x) of an example's values, with the label that is chosen. */
  encode = async (x) => {
    if (!this.encoder) throw new Error(tr("the encoder is still on its way"));
    return this.encoder.encode(this.labels.input([...x]));
  };

  changePlane(plane) {
    this.plane = plane;
    if (!this.map.plotly) return;
    this.map.show(...plane.project(this.point.z));
    this.map.replot(this.samples, plane, this.chooser.titles);
    if (!this.chooser.isAwaited) this.map.zoom = this.link.view.zoom;
    this.layers.refresh("plane");
    this.look(this.point.z, undefined, "at the handle");
    this.tools.opened?.draw?.();
  }

  /** So many steps of the map across and up. */
  step(du, dv, event) {
    if (!this.map.plotly) return;
    this.move(this.plane.step(this.point.z, du * this.map.step, dv * this.map.step), event);
  }

  /** Put a name of the view into the link, as which tool is open. */
  remember(name, value) {
    this.link.set(name, value);
    this.commit();
  }

  commit() {
    this.link.tell(this.point.z, this.labels.index);
  }

  close() {
    this.closed = true;
    this.keys.close();
    this.link.close();
    this.watch.close();
    this.chooser.close();
    this.strips?.stop();
    this.layers?.close();
    this.tools.close();
    this.map.close();
    this.decoder?.close();
    this.encoder?.close();
  }
}
