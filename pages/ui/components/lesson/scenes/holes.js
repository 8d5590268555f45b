// Why holes appear: an autoencoder's codes beside a VAE's, the same draws from N(0, I) over both.

import { add } from "../../latent_pad/elements.js";
import { offscreen } from "../../latent_pad/picture.js";
import { tr } from "../../words.js";
import { Cloud, dot, rangeOf, stroke } from "../cloud.js";
import { Model, kl, newestOnly, normal } from "../model.js";
import { action, choice, inBrackets, numbers, picture, told } from "../parts.js";

const DRAWS = 100;
const DECODED = 24;
const COLUMNS = 8;
const SAME = [-3.3, 3.3, -3.3, 3.3];
const [CELL, RIM] = [36, 2]; // of the sheet, in its pixels
const HOLE = "#d1495b";

export class Scene {
  constructor(root, data) {
    Object.assign(this, { root, data, draws: [] });
    this.sides = [new Side(this, "plain", data.plain), new Side(this, "variational", data.variational)];
  }

  async open() {
    await Promise.all(this.sides.map(({ model }) => model.open()));
    this.buttons = add(this.root, "div", "le-buttons");
    this.drawing = action(this.buttons, tr("Draw {count} from N(0, I)", { count: DRAWS }), () => this.draw(), "le-main");
    const scales = [tr("the same for both"), tr("each its own")];
    this.scale = choice(this.buttons, tr("Scale"), scales.map((name) => tr("Scale: {name}", { name })), (k) => this.sides.forEach((side) => side.zoom(k)));
    const row = add(this.root, "div", "le-row");
    const names = [tr("Autoencoder"), tr("VAE")];
    this.sides.forEach((side, k) => side.build(row, names[k]));
    this.scale.choose(0);
    await Promise.all(this.sides.map((side) => side.show()));
  }

  update(data) {
    this.drawing.hidden = !data.is_revealed;
    if (!data.is_revealed) this.draws = [];
    this.sides.forEach((side) => side.redraw());
  }

  draw() {
    this.draws = Array.from({ length: DRAWS }, () => [normal(), normal()]);
    this.sides.forEach((side) => side.decodeDraws());
  }

  close() {
    this.sides.forEach((side) => side.close());
  }
}

class Side {
  constructor(scene, name, data) {
    Object.assign(this, { scene, name, data, model: new Model(data), z: [...data.start] });
    this.show = newestOnly(() => this.decode());
    this.decodeDraws = newestOnly(() => this.paintSheet());
  }

  build(row, name) {
    const { model } = this;
    const column = add(row, "div", "le-grow");
    add(column, "h4").textContent = name;
    this.cloud = new Cloud(column, `map-${this.name}`, {
      label: tr("{name}: where its codes lie. Drag the handle, or move it with the arrow keys.", { name }),
      onMove: (place) => this.move(place),
      onRelease: () => this.name === "plain" && this.scene.root.commit({ z: this.z, nearest: this.nearest().distance }),
    });
    this.cloud.drawOver = (context, style) => this.drawOver(context, style);
    const below = add(column, "div", "le-row");
    this.decoded = picture(below, model.shape, `decoded-${this.name}`);
    this.sheet = add(below, "figure", "le-draws");
    this.canvas = add(this.sheet, "canvas", "le-wide");
    this.canvas.dataset.testid = `sheet-${this.name}`;
    this.canvas.setAttribute("role", "img");
    this.caption = add(this.sheet, "figcaption");
    this.numbers = numbers(column);
    this.numbers.box.dataset.testid = `numbers-${this.name}`;
    this.own = rangeOf(model.samples.means);
    this.cloud.place = this.z;
    this.cloud.show(model.samples.means, model.samples.labels, SAME);
  }

  zoom(k) {
    this.cloud.range = k === 0 ? SAME : this.own;
    this.cloud.draw();
  }

  move(place) {
    this.z = place;
    this.tell();
    this.show();
  }

  nearest(z = this.z) {
    return this.model.samples.nearest(z, 1)[0];
  }

  isHole(z) {
    return this.nearest(z).distance > this.data.radius;
  }

  redraw() {
    this.sheet.hidden = this.scene.draws.length === 0;
    this.cloud.draw();
    this.tell();
  }

  async decode() {
    if (this.isClosed) return;
    const { z } = this;
    const values = await this.model.decode(z);
    if (this.isClosed) return;
    this.decoded.paint(values);
    this.decoded.say(tr("Decoded from z = ({first}, {second})", { first: told(z[0]), second: told(z[1]) }));
  }

  tell() {
    const { model, data } = this;
    const { index, distance } = this.nearest();
    const where = distance > data.radius ? tr("a hole") : tr("no hole");
    const lines = [
      [tr("nearest code"), tr("{distance} away; near is up to {radius}: {where}", { distance: told(distance, 3), radius: told(data.radius, 3), where })],
      [tr("codes' std"), data.spread.map((value) => told(value)).join(", ")],
      ...(this.name === "plain" ? [["KL", tr("none in the loss: lying anywhere is free")]] : this.price(model.code(index), model.std(index))),
    ];
    const { draws } = this.scene;
    if (draws.length) lines.push([tr("draws in a hole"), tr("{holes} of {count}", { holes: draws.filter((z) => this.isHole(z)).length, count: draws.length })]);
    this.numbers.tell(lines);
  }

  /** The KL of the code nearest to the handle. */
  price(mean, std) {
    const prices = kl(mean, std);
    return prices.map((value, i) => [
      `KL${i + 1}`,
      `½ (${inBrackets(mean[i])}² + ${told(std[i])}² − 1 − ln ${told(std[i])}²) = ${tr("{loss} nats", { loss: told(value) })}`,
    ]);
  }

  async paintSheet() {
    this.redraw();
    const shown = this.scene.draws.slice(0, DECODED);
    const pictures = [];
    for (const z of shown) {
      if (this.isClosed) return;
      pictures.push(offscreen(await this.model.decode(z), this.model.shape));
    }
    if (this.isClosed) return;
    Object.assign(this.canvas, { width: COLUMNS * CELL, height: (DECODED / COLUMNS) * CELL });
    const context = this.canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    pictures.forEach((one, k) => {
      const [x, y] = [(k % COLUMNS) * CELL, Math.floor(k / COLUMNS) * CELL];
      context.fillStyle = HOLE;
      if (this.isHole(shown[k])) context.fillRect(x, y, CELL, CELL);
      context.drawImage(one, x + RIM, y + RIM, CELL - 2 * RIM, CELL - 2 * RIM);
    });
    const words = tr("The first {count} draws, decoded; those from a hole have a red frame.", { count: shown.length });
    this.caption.textContent = words;
    this.canvas.setAttribute("aria-label", words);
  }

  drawOver(context, style) {
    const { cloud, data } = this;
    context.strokeStyle = style.color;
    if (this.name === "plain") {
      const [u0, v0, u1, v1] = data.middle;
      context.setLineDash([5, 4]);
      context.strokeRect(cloud.x(u0), cloud.y(v1), (u1 - u0) * cloud.scale, (v1 - v0) * cloud.scale);
      context.setLineDash([]);
    }
    for (const z of this.scene.draws) {
      const [x, y] = [cloud.x(z[0]), cloud.y(z[1])];
      if (this.isHole(z)) {
        Object.assign(context, { strokeStyle: HOLE, lineWidth: 2 });
        stroke(context, [x - 4, y - 4], [x + 4, y + 4]);
        stroke(context, [x - 4, y + 4], [x + 4, y - 4]);
      } else dot(context, x, y, 4, style.color);
    }
    context.lineWidth = 1;
  }

  close() {
    this.isClosed = true;
    this.cloud?.close();
    this.model.close();
  }
}
