// @ts-check
// Voxels in three dimensions, turned by hand, seen from afar (no perspective).

import { colour } from "./scale.js";

const EXTENT = 2.6; // torso lengths from the middle to the edge of the figure

/** @import { Angles, Place, SpaceFigure } from "./types.js" */

/**
 * Where a place is seen: to the right of the middle, above it, and how near.
 * @param {Place} place to the right, up and towards the viewer
 * @param {Angles} angles
 * @returns {Place}
 */
export function turned([x, y, z], { across, up }) {
  const [sinA, cosA, sinU, cosU] = [Math.sin(across), Math.cos(across), Math.sin(up), Math.cos(up)];
  const away = z * cosA - x * sinA;
  return [x * cosA + z * sinA, y * cosU - away * sinU, away * cosU + y * sinU];
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number} height
 * @param {SpaceFigure} figure
 * @param {Angles} angles
 */
export function paintSpace(context, width, height, { voxels, side, bones }, angles) {
  const scale = Math.min(width, height) / (2 * EXTENT);
  /** @type {(place: Place) => Place} */
  const seen = (place) => {
    const [x, y, nearer] = turned(place, angles);
    return [width / 2 + x * scale, height / 2 - y * scale, nearer];
  };

  // A frame of the space in which the body stands, to see how it is turned.
  /** @type {Place[]} */
  const corners = [-1, 1].flatMap((x) =>
    [-1, 1].flatMap((y) => [-1, 1].map((z) => /** @type {Place} */ ([1.6 * x, 2.1 * y, 1.6 * z]))),
  );
  context.strokeStyle = "rgb(148 163 184 / 35%)";
  context.lineWidth = 1;
  /** @type {(a: Place, b: Place) => void} */
  const stroke = (a, b) => {
    const [[fromX, fromY], [toX, toY]] = [seen(a), seen(b)];
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
  };
  corners.forEach((a, i) => {
    corners.slice(i + 1).forEach((b) => {
      if (a.filter((value, axis) => value !== b[axis]).length === 1) stroke(a, b);
    });
  });

  context.strokeStyle = "#94a3b8";
  context.lineWidth = 3;
  context.lineCap = "round";
  for (const [a, b] of bones) stroke(a, b);

  const size = Math.max(side * scale, 3);
  const far = voxels.map(([x, y, z, value]) => ({ at: seen([x, y, z]), value })).sort((a, b) => a.at[2] - b.at[2]);
  for (const { at: [x, y], value } of far) {
    context.globalAlpha = 0.35 + 0.65 * value; // weak ones do not hide strong ones
    context.fillStyle = colour(value);
    context.fillRect(x - size / 2, y - size / 2, size, size);
  }
  context.globalAlpha = 1;
}
