// @ts-check
// The two binary messages of the WebSocket: a frame goes up, a view comes down. All numbers are little-endian.

/**
 * A frame: float64 capture time in milliseconds, then the JPEG.
 * @param {number} captured
 * @param {ArrayBuffer} jpeg
 */
export function packFrame(captured, jpeg) {
  const message = new Uint8Array(8 + jpeg.byteLength);
  new DataView(message.buffer).setFloat64(0, captured, true);
  message.set(new Uint8Array(jpeg), 8);
  return message;
}

/**
 * A view: uint32 length, so many bytes of JSON, then the JPEG.
 * @param {ArrayBuffer} data
 * @returns {import("./types.js").View}
 */
export function unpackView(data) {
  const length = new DataView(data).getUint32(0, true);
  const state = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  return { state, jpeg: new Blob([new Uint8Array(data, 4 + length)], { type: "image/jpeg" }) };
}
