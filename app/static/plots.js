// @ts-check
// Values over time and from joint to joint, as cells and curves.

import { colour } from "./scale.js";

/** @import { GridFigure, Ink, Point, TimeFigure } from "./types.js" */

const LABELS = 104; // room for the joints' names left of a plot, in CSS pixels

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
export function paintTime(context, width, height, { rows, cells, curve, ticks }, ink) {
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
export function paintGrid(context, width, height, { rows, columns, cells }, ink) {
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
