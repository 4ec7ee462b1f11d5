// @ts-check
// The one scale of colours for what a network looks at: a value in [0, 1] has the same colour everywhere.

// Viridis: evenly graded for the eye, readable without colour vision.
const STOPS = [
  [68, 1, 84], [72, 33, 115], [67, 62, 133], [56, 88, 140], [45, 112, 142], [37, 133, 142],
  [30, 155, 138], [42, 176, 127], [82, 197, 105], [134, 213, 73], [194, 223, 35], [253, 231, 37],
];

/**
 * The colour of a value in [0, 1].
 * @param {number} value
 */
export function colour(value) {
  const place = Math.min(Math.max(value, 0), 1) * (STOPS.length - 1);
  const below = Math.min(Math.floor(place), STOPS.length - 2);
  const mixed = STOPS[below].map((part, i) => Math.round(part + (STOPS[below + 1][i] - part) * (place - below)));
  return `rgb(${mixed.join(",")})`;
}

/** The whole scale as a CSS background, 0 on the left. */
export const GRADIENT = `linear-gradient(90deg, ${STOPS.map((stop) => `rgb(${stop.join(",")})`).join(", ")})`;
