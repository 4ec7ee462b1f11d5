// @ts-check
// Files that the page gives to whoever looks at it.

/**
 * @param {string} what
 * @param {string} ending
 * @param {Date} now
 */
export function fileName(what, ending, now) {
  const stamp = now.toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "");
  return `pose2action-${what}-${stamp}.${ending}`;
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser has taken it by then
}

/** @param {HTMLCanvasElement} canvas */
export function savePicture(canvas) {
  canvas.toBlob((blob) => blob && save(blob, fileName("picture", "png", new Date())), "image/png");
}

/** @param {unknown} record */
export function saveRecord(record) {
  const text = JSON.stringify(record);
  save(new Blob([text], { type: "application/json" }), fileName("last-30-seconds", "json", new Date()));
}
