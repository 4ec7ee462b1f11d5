// @ts-check
// A choice of weights in words, as recognizer/choice.py reads it.

/**
 * @param {string[]} names
 * @param {unknown[]} shares how much each counts; those behind the last name mean nothing, none: all the same
 * @returns {string | null} null where one is no share, as while somebody types
 */
export function fused(names, shares) {
  const counted = shares.length ? names.map((_, i) => shares[i]) : names.map(() => 1);
  if (!counted.every((share) => typeof share === "number" && share > 0 && share < Infinity)) return null;
  if (new Set(counted).size < 2) return names.join("+");
  return names.map((name, i) => `${name}*${counted[i]}`).join("+");
}
