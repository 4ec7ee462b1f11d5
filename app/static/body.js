// @ts-check
// A body whose joints and lines have values, seen from the front.

import { colour } from "./scale.js";

/** @import { BodyFigure, Point } from "./types.js" */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {BodyFigure} figure
 */
export function paintBody(context, width, height, { points, bones, names, values, lines }) {
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
