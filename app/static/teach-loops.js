// @ts-check
// The skeletons of recordings, each of which moves over and over on a canvas of its own.

/** @import { Limbs } from "./types.js" */

const PERIOD = 1600; // milliseconds of a skeleton's loop

export class Loops {
  /** @type {Record<string, Limbs>} */
  drawing = {};
  /** @type {Map<string, Record<string, number[][]>>} skeletons by action and recording */
  known = new Map();
  /** @type {ReturnType<typeof setTimeout> | 0} */
  frame = 0;

  /** @param {HTMLElement} root around all canvases */
  constructor(root) {
    this.root = root;
  }

  /**
   * @param {string} action
   * @param {Record<string, number[][]>} loops by recording
   */
  take(action, loops) {
    this.known.set(action, loops);
    this.animate();
  }

  /**
   * @param {string} action
   * @param {string} recording
   */
  has(action, recording) {
    return Boolean(this.known.get(action)?.[recording]);
  }

  clear() {
    this.known.clear();
  }

  /**
   * @param {string} action
   * @param {string} recording
   */
  canvas(action, recording) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 96;
    canvas.dataset.action = action;
    canvas.dataset.recording = recording;
    canvas.setAttribute("role", "img");
    return canvas;
  }

  /** The loops move while any is to be seen, and only then; ten pictures a second are enough. */
  animate() {
    if (this.frame) return;
    const turn = () => {
      const canvases = [...this.root.querySelectorAll("details[open] canvas")];
      const drawn = canvases.filter((canvas) => this.#draw(/** @type {HTMLCanvasElement} */ (canvas), performance.now()));
      this.frame = drawn.length && this.root.isConnected ? setTimeout(turn, 100) : 0;
    };
    this.frame = setTimeout(turn);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} now
   * @returns {boolean} whether there is a skeleton to draw
   */
  #draw(canvas, now) {
    const loop = this.known.get(canvas.dataset.action ?? "")?.[canvas.dataset.recording ?? ""];
    const context = canvas.getContext("2d");
    if (!loop?.length || !context) return false;
    const points = loop[Math.floor(((now % PERIOD) / PERIOD) * loop.length)];
    const limbs = this.drawing[points.length > 42 ? "person" : "hand"];
    if (!limbs) return false;
    const { width, height } = canvas;
    // Mirrored, as the live picture is.
    const place = (/** @type {number} */ joint) =>
      /** @type {const} */ ([width / 2 - (points[2 * joint] / 1000) * width * 0.9, height / 2 + (points[2 * joint + 1] / 1000) * height * 0.9]);
    context.clearRect(0, 0, width, height);
    context.lineWidth = 2.5;
    context.lineCap = "round";
    for (const [from, to, colour] of limbs.lines) {
      context.strokeStyle = colour;
      context.beginPath();
      context.moveTo(...place(from));
      context.lineTo(...place(to));
      context.stroke();
    }
    return true;
  }
}
