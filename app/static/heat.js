// @ts-check
// What the network looks at: paints the figures that the program sends (app/drawing/heat.py) on canvases.
// It knows kinds of figures, not networks.

import { GRADIENT, colour } from "./scale.js";
import { paintSpace } from "./space.js";

/** @import { Angles, AnyFigure, BodyFigure, GridFigure, Ink, Panel, Point, TimeFigure } from "./types.js" */

const WEAK = "weakest in this window, or a gate that is shut";
const STRONG = "strongest, or an open gate";
const LABELS = 104; // room for the joints' names left of a plot, in CSS pixels

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {BodyFigure} figure
 */
function paintBody(context, width, height, { points, bones, names, values, lines }) {
  // The same piece of the world in every figure: 3.5 by 5 torso lengths around the body.
  const scale = Math.min(width / 3.5, height / 5);
  /** @type {(point: Point) => Point} */
  const at = ([x, y]) => [width / 2 + x * scale, height / 2 + (y + 0.1) * scale];
  const places = points.map((point) => point && at(point));
  /** @type {(a: number, b: number, style: string, thickness: number) => void} */
  const stroke = (a, b, style, thickness) => {
    const [from, to] = [places[a], places[b]];
    if (!from || !to) return;
    context.strokeStyle = style;
    context.lineWidth = thickness;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  };
  context.lineCap = "round";
  for (const [a, b] of bones) stroke(a, b, "#64748b", 3);
  for (const [a, b, value] of lines) stroke(a, b, colour(value), 0.5 + 2.5 * value ** 2);
  // The strongest last, on top of the others.
  const order = places.map((_, joint) => joint).sort((a, b) => (values ? values[a] - values[b] : 0));
  for (const joint of order) {
    const place = places[joint];
    if (!place) continue;
    context.beginPath();
    context.arc(...place, (values ? 0.035 + 0.16 * values[joint] : 0.045) * scale, 0, 2 * Math.PI);
    context.fillStyle = values ? colour(values[joint]) : "#cbd5e1";
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = "#e2e8f0";
    context.stroke();
  }
  const top = values ? order.findLast((joint) => places[joint]) : undefined;
  if (!values || top === undefined || !values[top]) return;
  const place = places[top];
  if (!place) return;
  const [x, y] = place;
  context.font = "600 12px system-ui, sans-serif";
  // Beside the circle, away from the body, where the name fits there.
  const needed = 0.2 * scale + 8 + context.measureText(names[top]).width;
  const right = x < width / 2 ? x < needed : x + needed < width;
  context.textAlign = right ? "left" : "right";
  context.textBaseline = "middle";
  context.lineWidth = 3;
  context.strokeStyle = "#0f1826";
  context.fillStyle = "#f8fafc";
  /** @type {[string, number, number]} */
  const text = [names[top], x + (right ? 1 : -1) * (0.2 * scale + 5), y];
  context.strokeText(...text);
  context.fillText(...text);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {number[][]} rows
 * @param {Ink} ink
 */
function paintCells(context, x, y, width, height, rows, ink) {
  // On whole pixels, so that no seams show between the cells.
  /** @type {(j: number) => number} */
  const across = (j) => Math.round(x + (j * width) / rows[0].length);
  /** @type {(i: number) => number} */
  const down = (i) => Math.round(y + (i * height) / rows.length);
  rows.forEach((values, i) => {
    values.forEach((value, j) => {
      context.fillStyle = colour(value);
      context.fillRect(across(j), down(i), across(j + 1) - across(j), down(i + 1) - down(i));
    });
  });
  context.strokeStyle = ink.grid;
  context.lineWidth = 1;
  context.strokeRect(x, y, width, height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} y
 * @param {number} height
 * @param {string[]} names
 * @param {Ink} ink
 */
function writeRows(context, y, height, names, ink) {
  const row = height / names.length;
  context.font = `${Math.min(11, row - 1).toFixed(1)}px system-ui, sans-serif`;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillStyle = ink.text;
  names.forEach((name, i) => context.fillText(name, LABELS - 7, y + (i + 0.5) * row));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {TimeFigure} figure
 * @param {Ink} ink
 */
function paintTime(context, width, height, { rows, cells, curve, ticks }, ink) {
  const [left, right] = [LABELS, width - 14];
  const axis = height - 20;
  const curveHeight = curve ? (rows.length ? 58 : axis - 12) : 0;
  const split = rows.length ? axis - curveHeight - (curve ? 12 : 0) : 0;
  if (rows.length) {
    paintCells(context, left, 2, right - left, split - 2, cells, ink);
    writeRows(context, 2, split - 2, rows, ink);
  }
  if (curve) {
    const top = axis - curveHeight + 2;
    /** @type {(value: number, i: number) => Point} */
    const place = (value, i) => [left + ((i + 0.5) / curve.length) * (right - left), axis - value * (axis - top)];
    context.strokeStyle = ink.grid;
    context.lineWidth = 1;
    for (const y of [top, axis]) {
      context.beginPath();
      context.moveTo(left, y);
      context.lineTo(right, y);
      context.stroke();
    }
    context.font = "11px system-ui, sans-serif";
    context.fillStyle = ink.text;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText("1", left - 7, top);
    context.fillText("0", left - 7, axis - 4);
    context.fillText("moment", left - 18, (top + axis) / 2);
    context.strokeStyle = ink.text;
    context.lineWidth = 1.5;
    context.beginPath();
    curve.forEach((value, i) => context.lineTo(...place(value, i)));
    context.stroke();
    curve.forEach((value, i) => {
      context.beginPath();
      context.arc(...place(value, i), 3.5, 0, 2 * Math.PI);
      context.fillStyle = colour(value);
      context.fill();
      context.lineWidth = 1;
      context.stroke();
    });
  }
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "top";
  context.fillStyle = ink.text;
  for (const [where, text] of ticks) {
    const x = left + where * (right - left);
    context.fillRect(x - 0.5, axis, 1, 4);
    context.textAlign = where > 0.97 ? "right" : "center";
    context.fillText(text, where > 0.97 ? width : x, axis + 6);
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {GridFigure} figure
 * @param {Ink} ink
 */
function paintGrid(context, width, height, { rows, columns, cells }, ink) {
  const [top, right] = [76, width - 34];
  paintCells(context, LABELS, top, right - LABELS, height - top - 2, cells, ink);
  writeRows(context, top, height - top - 2, rows, ink);
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "left";
  context.textBaseline = "middle";
  const column = (right - LABELS) / columns.length;
  columns.forEach((name, i) => {
    context.save();
    context.translate(LABELS + (i + 0.5) * column, top - 6);
    context.rotate(-Math.PI / 3.4);
    context.fillText(name, 0, 0);
    context.restore();
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {AnyFigure} figure
 * @param {Ink} ink
 * @param {Angles} angles
 */
function paintFigure(context, width, height, figure, ink, angles) {
  switch (figure.kind) {
    case "body":
      return paintBody(context, width, height, figure);
    case "time":
      return paintTime(context, width, height, figure, ink);
    case "grid":
      return paintGrid(context, width, height, figure, ink);
    case "space":
      return paintSpace(context, width, height, figure, angles);
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {HTMLElement} parent
 * @param {string} [text]
 */
function element(tag, className, parent, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  parent.append(made);
  return made;
}

/** One figure with its title. Keeps its canvas while figures of one kind follow each other. */
class Figure {
  /**
   * How far figures in space are turned: all alike, so that a new one does not jump back.
   * @type {Angles}
   */
  static angles = { across: 0.5, up: 0.25 };

  /** @type {AnyFigure | undefined} */
  figure;

  /**
   * @param {HTMLElement} parent
   * @param {AnyFigure["kind"]} kind
   */
  constructor(parent, kind) {
    this.kind = kind;
    this.root = element("figure", `p2a-heat-figure p2a-heat-${kind}`, parent);
    this.title = element("figcaption", "", this.root);
    this.canvas = element("canvas", "", this.root);
    this.canvas.setAttribute("role", "img");
    if (kind === "space") this.#turnable();
  }

  #turnable() {
    const { canvas } = this;
    canvas.tabIndex = 0;
    /** @type {(across: number, up: number) => void} */
    const turn = (across, up) => {
      Figure.angles.across += across;
      Figure.angles.up = Math.min(Math.max(Figure.angles.up + up, -1.5), 1.5);
      this.paint();
    };
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) turn(event.movementX * 0.01, event.movementY * 0.01);
    });
    canvas.addEventListener("keydown", (event) => {
      /** @type {Record<string, [number, number]>} */
      const steps = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      turn(...step);
    });
  }

  /** @param {AnyFigure} figure of this kind */
  show(figure) {
    this.figure = figure;
    if (this.title.textContent !== figure.title) this.title.textContent = figure.title;
    this.canvas.setAttribute("aria-label", `${figure.title}. ${figure.said}`);
    this.paint();
  }

  paint() {
    const { canvas } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height || !this.figure) return; // in a tab that is not open
    const fine = window.devicePixelRatio || 1;
    const size = [Math.round(width * fine), Math.round(height * fine)];
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(fine, 0, 0, fine, 0, 0);
    context.clearRect(0, 0, width, height);
    const style = getComputedStyle(canvas);
    const ink = { text: style.color, grid: style.borderTopColor };
    paintFigure(context, width, height, this.figure, ink, Figure.angles);
  }
}

/** Everything about one person: the figures and the scale that they share. */
export class HeatPanel {
  kinds = "";
  /** @type {Figure[]} */
  figures = [];

  /**
   * @param {HTMLElement} parent
   * @param {string} name
   * @param {string} [tint] a CSS colour
   */
  constructor(parent, name, tint = "") {
    this.root = element("article", "p2a-heat-panel", parent);
    if (tint) this.root.style.setProperty("--person", tint);
    if (name) element("p", "p2a-who", this.root, name);
    this.box = element("div", "p2a-heat-figures", this.root);
    const scale = element("div", "p2a-heat-scale", this.root);
    element("span", "", scale, WEAK);
    element("b", "", scale, "0");
    element("i", "", scale).style.background = GRADIENT;
    element("b", "", scale, "1");
    element("span", "", scale, STRONG);
    // Paints anew when the page's shape or theme changes, and when a hidden tab is opened.
    this.observer = new ResizeObserver(() => this.#paint());
    this.observer.observe(this.box);
    this.themes = new MutationObserver(() => this.#paint());
    this.themes.observe(document.body, { attributeFilter: ["class"] });
  }

  #paint() {
    for (const each of this.figures) each.paint();
  }

  /** @param {Pick<Panel, "figures">} panel see app/drawing/heat.py */
  show({ figures }) {
    const kinds = figures.map(({ kind }) => kind).join();
    if (kinds !== this.kinds) {
      this.kinds = kinds;
      this.box.replaceChildren();
      this.figures = figures.map(({ kind }) => new Figure(this.box, kind));
    }
    figures.forEach((figure, i) => this.figures[i].show(figure));
  }

  remove() {
    this.observer.disconnect();
    this.themes.disconnect();
    this.root.remove();
  }
}

/** <pose-heat data-panel="JSON">: one panel that Python puts into the page and changes there. */
class PoseHeat extends HTMLElement {
  static observedAttributes = ["data-panel"];

  /** @type {HeatPanel | null} */
  panel = null;
  // Gradio changes attributes in place and then takes out children that Python did not write.
  keeper = new MutationObserver(() => {
    if (this.panel && !this.panel.root.parentNode) this.append(this.panel.root);
  });

  connectedCallback() {
    this.panel = new HeatPanel(this, "");
    this.keeper.observe(this, { childList: true });
    this.attributeChangedCallback();
  }

  attributeChangedCallback() {
    if (this.panel && this.dataset.panel) this.panel.show(JSON.parse(this.dataset.panel));
  }

  disconnectedCallback() {
    this.keeper.disconnect();
    this.panel?.remove();
    this.panel = null;
  }
}

customElements.define("pose-heat", PoseHeat);
