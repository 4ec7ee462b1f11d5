// @ts-check
// A click into the Video tab's timeline chooses the part that is taught: an action's bar, or around a moment without.

/**
 * @typedef {object} Axis
 * @property {number} _offset pixels from the plot's edge to the axis
 * @property {[number, number]} range
 * @property {(pixels: number) => number} p2c
 * @typedef {{ base: number[], x: number[] }} Row one person's bars: starts and lengths in seconds
 * @typedef {HTMLElement & { data: Row[], _fullLayout: { xaxis: Axis, yaxis: Axis } }} Plot as Plotly leaves it
 */

// Seconds, as long as the live panel's recordings.
const AROUND = 2.5;

/**
 * @param {number} time seconds
 * @param {number} duration of the video
 * @param {Row | undefined} row whose bars are looked at
 * @returns {[number, number]} start and end in seconds
 */
export function partAt(time, duration, row) {
  const bar = row?.base.findIndex((start, index) => start <= time && time <= start + row.x[index]) ?? -1;
  if (row && bar >= 0) return [row.base[bar], row.base[bar] + row.x[bar]];
  const start = Math.min(Math.max(time - AROUND / 2, 0), Math.max(duration - AROUND, 0));
  return [start, Math.min(start + AROUND, duration)];
}

/**
 * @param {string} id
 * @param {number} seconds
 */
function write(id, seconds) {
  const input = document.querySelector(`#${id} input`);
  if (!(input instanceof HTMLInputElement)) return;
  input.value = String(Math.round(seconds * 100) / 100);
  for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind, { bubbles: true }));
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element) || event.target.closest(".modebar")) return;
  const plot = /** @type {Plot | null} */ (event.target.closest("#video-timeline .js-plotly-plot"));
  if (!plot) return;
  const { xaxis, yaxis } = plot._fullLayout;
  const box = plot.getBoundingClientRect();
  const time = xaxis.p2c(event.clientX - box.left - xaxis._offset);
  const row = Math.round(yaxis.p2c(event.clientY - box.top - yaxis._offset));
  const [start, end] = partAt(time, xaxis.range[1], plot.data[row]);
  write("video-part-start", start);
  write("video-part-end", end);
});
