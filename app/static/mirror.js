// @ts-check
// The mirror: the camera's own picture, and over it what the program has seen, moved on to that very picture.

import { Motion } from "./motion.js";
import { paintMarks, sizeOf } from "./overlay.js";
import { percent, readable } from "./people.js";

/** @import { Drawing, Limbs, Panel, Person, Point, Seen, Told } from "./types.js" */
/** @import { Mark } from "./overlay.js" */

/** Milliseconds by which a skeleton may be late before it fades, and until it is gone. */
const FADES = 400;
const GONE = 1500;
const PALE = 0.25;
const FINEST = 2; // canvas pixels for each CSS pixel

/**
 * Where a picture lies in a box that it fills as far as its shape allows.
 * @param {number} width of the picture
 * @param {number} height
 * @param {number} boxWidth
 * @param {number} boxHeight
 * @returns {[left: number, top: number, width: number, height: number]}
 */
export function fitted(width, height, boxWidth, boxHeight) {
  const scale = Math.min(boxWidth / width, boxHeight / height);
  const [w, h] = [width * scale, height * scale];
  return [(boxWidth - w) / 2, (boxHeight - h) / 2, w, h];
}

/**
 * How strong a skeleton is drawn that is so many milliseconds late.
 * @param {number} late
 */
export function strengthOf(late) {
  if (late <= FADES) return 1;
  return late >= GONE ? 0 : PALE + (1 - PALE) * (1 - (late - FADES) / (GONE - FADES));
}

/** One person, as the newest answers tell. Lengths in heights of the picture. */
class Followed {
  motion = new Motion();
  /** @type {number[]} percent */
  visibility = [];
  /** @type {number[] | null} of the joints of the network's layout */
  heat = null;
  text = "";

  /** @param {number} id */
  constructor(id) {
    this.id = id;
  }

  /**
   * @param {Person} person
   * @param {number} captured
   * @param {number} aspect
   * @param {Limbs} limbs
   */
  see({ label, score, top, points, visibility }, captured, aspect, limbs) {
    this.text = !top.length ? "…" : label === null ? "no action I know" : `${readable(label)} ${percent(score)}`;
    if (!points || !visibility) return;
    const places = points.map((each, i) => (each / 10_000) * (i % 2 ? 1 : aspect));
    this.visibility = visibility;
    this.motion.see(captured, places, sizeOf(pairs(places), limbs));
  }
}

/**
 * @param {ArrayLike<number>} flat
 * @returns {Point[]}
 */
function pairs(flat) {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
}

export class Mirror {
  /** @type {Map<number, Followed>} */
  people = new Map();
  /** @type {number[][]} for each joint of the network's layout its landmarks */
  joints = [];
  /** @type {keyof Drawing} */
  subject = "person";
  captured = -Infinity; // of the newest answer
  shown = -Infinity; // capture time of the picture that is on the screen
  aspect = 0;
  due = false;
  fresh = false;
  /** Whether skeletons are moved on; tests compare both. */
  ahead = true;

  /**
   * @param {HTMLVideoElement} video
   * @param {HTMLCanvasElement} canvas that lies over it
   * @param {(drawn: { at: number, captured: number, shown: number, fresh: boolean }) => void} onDrawn called for
   *   each painting with people in it: when, the time of their picture and of that under it, and whether the
   *   answer is drawn for the first time
   */
  constructor(video, canvas, onDrawn) {
    this.video = video;
    this.canvas = canvas;
    this.onDrawn = onDrawn;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {Drawing | null} */
    this.drawing = null;
    /** @type {string[]} CSS colours, by person */
    this.colours = [];
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  /**
   * A new picture of the camera is on the screen.
   * @param {number} captured
   */
  picture(captured) {
    this.shown = captured;
    this.#shape();
    this.#paintSoon();
  }

  /** @param {Seen} answer */
  seen({ captured, persons, attention }) {
    const limbs = this.drawing?.[this.subject];
    if (!limbs || !this.aspect) return;
    this.captured = captured;
    for (const id of this.people.keys()) {
      if (!persons.some((person) => person.id === id)) this.people.delete(id);
    }
    for (const person of persons) {
      const followed = this.people.get(person.id) ?? new Followed(person.id);
      this.people.set(person.id, followed);
      followed.see(person, captured, this.aspect, limbs);
    }
    for (const panel of attention ?? []) this.#look(panel);
    this.fresh = true;
    this.#paintSoon();
  }

  /** @param {Panel} panel */
  #look({ person, figures }) {
    const followed = this.people.get(person);
    const body = figures.find((figure) => figure.kind === "body" && figure.values);
    if (followed) followed.heat = body?.kind === "body" ? body.values : null;
  }

  /** @param {Told} message */
  told(message) {
    if (message.type !== "ready") return;
    this.clear();
    this.joints = message.joints;
    this.subject = message.subject;
  }

  /** Shows no more heat. */
  cool() {
    for (const followed of this.people.values()) followed.heat = null;
  }

  clear() {
    this.people.clear();
    this.captured = -Infinity;
    this.#paintSoon();
  }

  /** Follows a camera that changes its size: what was seen before lies elsewhere now. */
  #shape() {
    const { videoWidth, videoHeight } = this.video;
    const aspect = videoHeight ? videoWidth / videoHeight : 0;
    if (!aspect || aspect === this.aspect) return;
    this.aspect = aspect;
    this.people.clear();
    this.canvas.dispatchEvent(new CustomEvent("pose2action:shape", { detail: aspect, bubbles: true }));
  }

  #resize() {
    const fine = Math.min(window.devicePixelRatio || 1, FINEST);
    const [width, height] = [Math.round(this.canvas.clientWidth * fine), Math.round(this.canvas.clientHeight * fine)];
    if (this.canvas.width === width && this.canvas.height === height) return;
    [this.canvas.width, this.canvas.height] = [width, height];
    this.#paint();
  }

  // At most once for each picture of the screen, whatever brings something new.
  #paintSoon() {
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => {
      this.due = false;
      this.#paint();
    });
  }

  #paint() {
    const { context, canvas } = this;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!this.aspect || !canvas.width) return;
    const frame = fitted(this.aspect, 1, canvas.width, canvas.height);
    const marks = this.marks(frame);
    paintMarks(context, marks, frame);
    if (marks.length) {
      this.onDrawn({ at: performance.now(), captured: this.captured, shown: this.shown, fresh: this.fresh });
    }
    this.fresh = false;
  }

  /**
   * Everybody as they are in the picture on the screen, mirrored.
   * @param {[left: number, top: number, width: number, height: number]} frame where the picture lies
   * @returns {Mark[]}
   */
  marks([left, top, width, height]) {
    const limbs = this.drawing?.[this.subject];
    if (!limbs) return [];
    /** @type {Mark[]} */
    const marks = [];
    for (const { id, motion, visibility, heat, text } of this.people.values()) {
      const strength = strengthOf(this.shown - (motion.time ?? -Infinity));
      if (!strength) continue;
      const places = pairs(this.ahead ? motion.at(this.shown) : motion.points);
      /** @type {Point[]} */
      const points = places.map(([x, y]) => [left + width - x * height, top + y * height]);
      marks.push({
        points, visibility, strength, limbs, text,
        colour: this.colours[id % this.colours.length],
        heat: heat ? this.#heated(points, heat) : [],
      });
    }
    return marks;
  }

  /**
   * @param {Point[]} points
   * @param {number[]} values
   */
  #heated(points, values) {
    return this.joints
      .map((landmarks, joint) => {
        const own = landmarks.map((each) => points[each]);
        /** @type {Point} */
        const at = [
          own.reduce((sum, [x]) => sum + x, 0) / own.length,
          own.reduce((sum, [, y]) => sum + y, 0) / own.length,
        ];
        return { at, value: values[joint] ?? 0 };
      })
      .sort((a, b) => a.value - b.value);
  }

  /**
   * Picture and skeletons as they are on the screen, in the camera's own size.
   * @returns {HTMLCanvasElement | null} null where there is no picture
   */
  still() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width) return null;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, height];
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.save();
    context.setTransform(-1, 0, 0, 1, width, 0);
    context.drawImage(this.video, 0, 0, width, height);
    context.restore();
    paintMarks(context, this.marks([0, 0, width, height]), [0, 0, width, height]);
    return canvas;
  }
}
