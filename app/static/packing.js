// @ts-check
// A worker that makes small JPEGs of pictures. In the page itself browsers do that only when they have nothing else
// to do, which on a busy computer is a quarter of a second later.

/** @type {{ postMessage(message: unknown, transfer: Transferable[]): void, onmessage: unknown }} */
const page = /** @type {any} */ (self);
const JPEG_QUALITY = 0.75;
const canvas = new OffscreenCanvas(1, 1);
const context = /** @type {OffscreenCanvasRenderingContext2D} */ (
  canvas.getContext("2d", { alpha: false, willReadFrequently: true })
);

/** @param {MessageEvent<{ picture: VideoFrame | ImageBitmap, width: number, height: number }>} event */
page.onmessage = async ({ data: { picture, width, height } }) => {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: JPEG_QUALITY });
  const jpeg = await blob.arrayBuffer();
  page.postMessage(jpeg, [jpeg]);
};
