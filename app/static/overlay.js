// @ts-check
// Skeletons, labels and heat on the camera's picture. It draws on any canvas: the page's, or a saved picture's.

import { colour } from "./scale.js";

/** @import { Limbs, Point } from "./types.js" */

/** Percent of visibility under which a landmark is a guess and not drawn. */
const VISIBLE = 30;
const OUTLINE = "rgb(25 28 33)";

/**
 * @typedef {object} Mark
 * @property {Point[]} points of the landmarks, on the canvas
 * @property {number[]} visibility percent
 * @property {number} strength 1, or less for what is old
 * @property {Limbs} limbs
 * @property {string} text of the tag
 * @property {string} colour of the tag
 * @property {{ at: Point, value: number }[]} heat what the network looks at, strongest last
 */

/**
 * The size of a body: the length of its torso or the width of its shoulders, as pose/similarity.py has it.
 * @param {Point[]} points
 * @param {Limbs} limbs
 */
export function sizeOf(points, { top, bottom }) {
  /** @type {(joints: number[]) => Point} */
  const middle = (joints) => {
    const places = joints.map((joint) => points[joint]);
    return [
      places.reduce((sum, [x]) => sum + x, 0) / places.length,
      places.reduce((sum, [, y]) => sum + y, 0) / places.length,
    ];
  };
  const [[topX, topY], [bottomX, bottomY]] = [middle(top), middle(bottom)];
  const [[leftX, leftY], [rightX, rightY]] = [points[top[0]], points[top[1]]];
  return Math.max(Math.hypot(topX - bottomX, topY - bottomY), Math.hypot(leftX - rightX, leftY - rightY));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Mark[]} marks
 * @param {[left: number, top: number, width: number, height: number]} frame where the picture lies on the canvas
 */
export function paintMarks(context, marks, frame) {
  context.lineCap = "round";
  for (const mark of marks) {
    context.globalAlpha = mark.strength;
    paintSkeleton(context, mark, frame);
    paintHeat(context, mark);
  }
  /** @type {Box[]} */
  const taken = [];
  for (const mark of marks) {
    context.globalAlpha = mark.strength;
    if (mark.text) taken.push(paintTag(context, mark, frame, taken));
  }
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {[number, number, number, number]} frame
 */
function paintSkeleton(context, { points, visibility, limbs }, [, , width, height]) {
  const widest = Math.max(1, Math.min(width, height) / 60);
  const thickness = Math.min(Math.max(sizeOf(points, limbs) / limbs.slimness, 1.5), widest);
  /** @type {(joint: number) => boolean} */
  const seen = (joint) => visibility[joint] >= VISIBLE;
  const lines = limbs.lines.filter(([a, b]) => seen(a) && seen(b));
  /** @type {(style: string, wide: number, chosen: typeof lines) => void} */
  const stroke = (style, wide, chosen) => {
    context.strokeStyle = style;
    context.lineWidth = wide;
    context.beginPath();
    for (const [a, b] of chosen) {
      context.moveTo(...points[a]);
      context.lineTo(...points[b]);
    }
    context.stroke();
  };
  stroke(OUTLINE, thickness + Math.max(2, thickness / 2), lines);
  for (const style of new Set(lines.map(([, , each]) => each))) {
    stroke(style, thickness, lines.filter(([, , each]) => each === style));
  }
  /** @type {(radius: number, style: string, joints: number[]) => void} */
  const dots = (radius, style, joints) => {
    context.fillStyle = style;
    context.beginPath();
    for (const joint of joints) {
      const [x, y] = points[joint];
      context.moveTo(x + radius, y);
      context.arc(x, y, radius, 0, 2 * Math.PI);
    }
    context.fill();
  };
  const joints = points.map((_, joint) => joint).filter(seen);
  const large = joints.filter((joint) => !limbs.dots.includes(joint));
  dots(thickness * 0.9 + 1, OUTLINE, large);
  for (const style of new Set(limbs.joints)) {
    dots(thickness * 0.9, style, large.filter((joint) => limbs.joints[joint] === style));
    dots(Math.max(1, thickness / 2), style, joints.filter((joint) => limbs.dots.includes(joint) && limbs.joints[joint] === style));
  }
}

/**
 * What the network looks at: the stronger, the larger and the brighter; what is weak does not hide the picture.
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 */
function paintHeat(context, { points, limbs, heat, strength }) {
  const size = sizeOf(points, limbs);
  for (const { at, value } of heat) {
    context.globalAlpha = strength * (0.15 + 0.7 * value);
    context.fillStyle = colour(value);
    context.beginPath();
    context.arc(...at, (0.04 + 0.16 * value) * size, 0, 2 * Math.PI);
    context.fill();
  }
}

/** @typedef {[x: number, y: number, width: number, height: number]} Box */

const MOST_TAGS = 12;
/** @type {Map<string, OffscreenCanvas>} the newest last */
const tags = new Map();

/**
 * A tag as a picture that is kept: on the page's canvas, writing would first bring the styles of the whole page up to
 * date, and most tags are the same for many pictures.
 * @param {string} text
 * @param {string} ground
 * @param {number} size of the letters
 * @param {number} widest
 * @returns {OffscreenCanvas}
 */
function tagOf(text, ground, size, widest) {
  const key = JSON.stringify([text, ground, size, widest]);
  const tag = tags.get(key) ?? written(text, ground, size, widest);
  tags.delete(key);
  tags.set(key, tag);
  if (tags.size > MOST_TAGS) tags.delete(tags.keys().next().value ?? "");
  return tag;
}

/** @type {typeof tagOf} */
function written(text, ground, size, widest) {
  const tag = new OffscreenCanvas(1, 1);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (tag.getContext("2d"));
  const [font, pad] = [`600 ${size}px system-ui, sans-serif`, size * 0.5];
  context.font = font;
  const width = Math.min(context.measureText(text).width + 2 * pad, widest);
  [tag.width, tag.height] = [Math.ceil(width), Math.ceil(size + 1.2 * pad)];
  context.font = font; // a new size forgets it
  context.fillStyle = ground;
  context.beginPath();
  context.roundRect(0, 0, tag.width, tag.height, pad);
  context.fill();
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, pad, tag.height / 2, tag.width - 2 * pad);
  return tag;
}

/**
 * Puts a tag over somebody's head, inside the picture and clear of other tags.
 * @param {CanvasRenderingContext2D} context
 * @param {Mark} mark
 * @param {Box} frame
 * @param {Box[]} taken
 * @returns {Box}
 */
function paintTag(context, { points, visibility, text, colour: ground }, [left, top, width, height], taken) {
  const size = Math.round(Math.max(Math.min(width, height) / 24, 11));
  const tag = tagOf(text, ground, size, Math.floor(width));
  const { width: w, height: h } = tag;
  const seen = points.filter((_, joint) => visibility[joint] >= VISIBLE);
  const across = seen.map(([x]) => x);
  const centre = seen.length ? (Math.min(...across) + Math.max(...across)) / 2 : left + width / 2;
  const head = seen.length ? Math.min(...seen.map(([, y]) => y)) : top;
  const x = Math.round(Math.min(Math.max(centre - w / 2, left), left + width - w));
  let y = Math.round(Math.min(Math.max(head - 1.1 * size - h, top), top + height - h));
  for (const [tx, ty, tw, th] of taken) {
    if (x >= tx + tw || tx >= x + w || y >= ty + th || ty >= y + h) continue;
    y = ty + th + 1 + h <= top + height ? ty + th + 1 : Math.max(top, ty - h - 1);
  }
  context.drawImage(tag, x, y);
  return [x, y, w, h];
}
