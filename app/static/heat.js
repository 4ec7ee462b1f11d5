// @ts-check
// What the network looks at: paints the figures that the program sends (app/drawing/heat.py) on canvases.
// It knows kinds of figures, not networks.

import { paintBody } from "./body.js";
import { paintGrid, paintTime } from "./plots.js";
import { GRADIENT } from "./scale.js";
import { paintSpace } from "./space.js";

/** @import { Angles, AnyFigure, Ink, Panel } from "./types.js" */

const WEAK = "weakest in this window, or a gate that is shut";
const STRONG = "strongest, or an open gate";

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
