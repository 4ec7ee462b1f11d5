// @ts-check
// A worker that makes small JPEGs of the camera's pictures. Where the browser can, they come here straight from the
// camera, not by way of the page, which would be a screen's refresh and a busy moment later. It is a worker in any case:
// in the page itself browsers make JPEGs only when they have nothing else to do.

import { sentSize } from "./camera.js";
import { CaptureClock } from "./clock.js";

/** @import { Ordered, Packed } from "./types.js" */

/** @type {{ postMessage(message: Packed | null, transfer?: Transferable[]): void, close(): void, onmessage: unknown }} */
const page = /** @type {any} */ (self);
const JPEG_QUALITY = 0.75;
const STALE = 0.8; // of the time from one picture to the next
const canvas = new OffscreenCanvas(1, 1);
const context = /** @type {OffscreenCanvasRenderingContext2D} */ (
  canvas.getContext("2d", { alpha: false, willReadFrequently: true })
);

let wanted = false;
/** @type {{ picture: VideoFrame, captured: number } | null} the last one that came, until it is sent */
let newest = null;
/** @type {ReadableStreamDefaultReader<VideoFrame> | null} */
let reader = null;
let period = 0; // milliseconds from one picture to the next
let now = () => performance.now(); // on the page's clock

/** @param {MessageEvent<Ordered>} event */
page.onmessage = ({ data }) => {
  if ("over" in data) return void end();
  if ("pictures" in data) return void follow(data.pictures, data.origin);
  if ("picture" in data) {
    reader?.cancel().catch(() => {}); // where pictures came straight, they have ceased to
    reader = null;
    return void pack(data.picture, data.captured);
  }
  wanted = true;
  // One that is old already is not worth it, as another is about to come.
  if (newest && now() - newest.captured < STALE * period) sendNewest();
};

/**
 * Reads a camera until it ends.
 * @param {ReadableStream<VideoFrame>} pictures
 * @param {number} origin of the page's clock, as performance.timeOrigin tells it
 */
async function follow(pictures, origin) {
  now = () => performance.timeOrigin - origin + performance.now();
  const clock = new CaptureClock();
  const from = pictures.getReader();
  reader = from;
  let before = 0;
  for (;;) {
    const { value: picture } = await from.read();
    newest?.picture.close();
    newest = null;
    if (!picture) return;
    const captured = clock.captured(picture.timestamp / 1000, now());
    [period, before] = [captured - before, captured];
    newest = { picture, captured };
    if (wanted) sendNewest();
  }
}

/** Ends the worker by itself: a picture that it still had would keep its place in the camera for a while. */
async function end() {
  await reader?.cancel().catch(() => {}); // a camera that has failed is over as well
  newest?.picture.close();
  page.close();
}

function sendNewest() {
  if (!newest) return;
  const { picture, captured } = newest;
  [newest, wanted] = [null, false];
  pack(picture, captured);
}

/**
 * Tells the page a picture's JPEG, or null where there cannot be one.
 * @param {VideoFrame | ImageBitmap} picture
 * @param {number} captured
 */
async function pack(picture, captured) {
  try {
    draw(picture);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
    const jpeg = await blob.arrayBuffer();
    page.postMessage({ jpeg, captured }, [jpeg]);
  } catch {
    page.postMessage(null);
  }
}

/**
 * Draws a picture as small as it is sent, and closes it whatever happens: the camera has few of them to give.
 * @param {VideoFrame | ImageBitmap} picture
 */
function draw(picture) {
  try {
    const [width, height] = sentSize(...sizeOf(picture));
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.drawImage(picture, 0, 0, width, height);
  } finally {
    picture.close();
  }
}

/**
 * @param {VideoFrame | ImageBitmap} picture
 * @returns {[width: number, height: number]}
 */
function sizeOf(picture) {
  return picture instanceof ImageBitmap
    ? [picture.width, picture.height]
    : [picture.displayWidth, picture.displayHeight];
}
