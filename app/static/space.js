// Voxels in three dimensions, turned by hand, seen from afar (no perspective).

import { colour } from "./scale.js";

const EXTENT = 2.6; // torso lengths from the middle to the edge of the figure

/**
 * @param {{voxels: number[][], side: number, bones: number[][][]}} figure places are to the right, up and
 *   towards the viewer
 * @param {{across: number, up: number}} angles radians about the upright and about the level axis
 */
export function paintSpace(context, width, height, { voxels, side, bones }, ink, { across, up }) {
  const scale = Math.min(width, height) / (2 * EXTENT);
  const [sinA, cosA, sinU, cosU] = [Math.sin(across), Math.cos(across), Math.sin(up), Math.cos(up)];
  const seen = ([x, y, z]) => {
    const turned = z * cosA - x * sinA;
    const nearer = turned * cosU + y * sinU;
    return [width / 2 + (x * cosA + z * sinA) * scale, height / 2 - (y * cosU - turned * sinU) * scale, nearer];
  };

  // A frame of the space in which the body stands, to see how it is turned.
  const corners = [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => [1.6 * x, 2.1 * y, 1.6 * z])));
  context.strokeStyle = "rgb(148 163 184 / 35%)";
  context.lineWidth = 1;
  const stroke = (a, b) => {
    context.beginPath();
    context.moveTo(...seen(a).slice(0, 2));
    context.lineTo(...seen(b).slice(0, 2));
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
  const far = voxels.map((voxel) => [...seen(voxel), voxel[3]]).sort((a, b) => a[2] - b[2]);
  for (const [x, y, , value] of far) {
    context.globalAlpha = 0.35 + 0.65 * value; // weak ones do not hide strong ones
    context.fillStyle = colour(value);
    context.fillRect(x - size / 2, y - size / 2, size, size);
  }
  context.globalAlpha = 1;
}
