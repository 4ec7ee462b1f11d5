// @ts-check
// The camera: permission, its newest picture as a small JPEG, and sentences for everything that goes wrong with it.

/** @import { Packed } from "./types.js" */

// As small as pose estimation needs: the median landmark moves by half a percent of the body's size more than
// JPEG alone moves it at 640 x 480 (benchmarks/sizes.py), while there are 40 % fewer pixels to pack, send and unpack.
const SHORT_SIDE = 360;
const LONG_SIDE = 640;
const MOST_OVERDUE = 45; // pictures that may be shown while one is waited for: a second and a half

const OTHER_PROGRAM = "The camera is in use by another program. Close that program and press Start again.";
const NOT_ALLOWED =
  "The browser does not let this page use the camera. Allow it (the camera symbol beside the address) and press Start again.";

/** @type {Record<string, string>} by the name of the browser's error */
const SENTENCES = {
  NotAllowedError: NOT_ALLOWED,
  SecurityError: NOT_ALLOWED,
  NotFoundError: "No camera was found. Plug one in and press Start again, or analyse a video in the other tab.",
  NotReadableError: OTHER_PROGRAM,
  AbortError: OTHER_PROGRAM,
  OverconstrainedError: "This camera offers no picture that the page can use. Choose another camera in the browser's settings.",
};

/**
 * The size in which a picture is sent.
 * @param {number} width
 * @param {number} height
 * @returns {[number, number]}
 */
export function sentSize(width, height) {
  const scale = Math.min(1, SHORT_SIDE / Math.min(width, height), LONG_SIDE / Math.max(width, height));
  return [Math.round(width * scale), Math.round(height * scale)];
}

export class CameraError extends Error {}

export class Camera {
  /**
   * Asks for the camera. Throws a CameraError whose message is a sentence for the page.
   * @param {HTMLVideoElement} video plays the camera's own picture
   * @param {() => void} onLost called when the camera goes away by itself
   */
  static async open(video, onLost) {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new CameraError(
        "Browsers give a camera only to safe addresses: open this page as http://localhost or http://127.0.0.1 on the computer that runs it, or through https.",
      );
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 60 }, facingMode: "user" },
      });
    } catch (error) {
      const name = error instanceof Error ? error.name : String(error);
      throw new CameraError(SENTENCES[name] ?? `The camera could not be opened (${name}). Press Start to try again.`);
    }
    return new Camera(stream, video, onLost);
  }

  /** @type {((packed: Packed | null) => void) | null} who waits for a picture */
  #taker = null;
  /** @type {number | null} when the picture on the screen was taken, until it is packed */
  #newest = null;
  #packing = false;
  #overdue = 0; // pictures on the screen since one was asked of the packer that gets them by itself

  /**
   * @param {MediaStream} stream
   * @param {HTMLVideoElement} video
   * @param {() => void} onLost
   */
  constructor(stream, video, onLost) {
    /** @type {MediaStream | null} */
    this.stream = stream;
    this.video = video;
    this.packer = new Worker(new URL("packing.js", import.meta.url), { type: "module" });
    /** @param {MessageEvent<Packed | null>} event */
    this.packer.onmessage = ({ data }) => {
      this.#packing = false;
      this.#give(data);
    };
    for (const track of stream.getVideoTracks()) track.addEventListener("ended", onLost);
    /** Whether pictures go to the packer by themselves. */
    this.straight = this.#lead(stream.getVideoTracks()[0]);
    video.srcObject = stream;
    video.play().catch(() => {}); // interrupted by a stop that came first
  }

  /**
   * Leads a track's pictures to the packer, past the page; only some browsers can.
   * @param {MediaStreamTrack} track
   */
  #lead(track) {
    if (!("MediaStreamTrackProcessor" in window)) return false;
    try {
      const { readable } = new MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
      this.packer.postMessage({ pictures: readable, origin: performance.timeOrigin }, [readable]);
      return true;
    } catch {
      return false; // it can, but not in a worker
    }
  }

  /**
   * Calls back for each new picture with its capture time, until the camera is closed.
   * @param {(captured: number) => void} onPicture
   */
  watch(onPicture) {
    const { video } = this;
    if ("requestVideoFrameCallback" in HTMLVideoElement.prototype) {
      /** @type {VideoFrameRequestCallback} */
      const next = (now, metadata) => {
        if (!this.stream) return;
        // Only local cameras tell when the picture was taken; else the moment it was shown must do.
        const taken = metadata.captureTime;
        this.#shown(taken !== undefined && taken <= now && now - taken < 1000 ? taken : now, onPicture);
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
      return;
    }
    let shown = -1;
    /** @type {FrameRequestCallback} */
    const poll = (now) => {
      if (!this.stream) return;
      if (video.currentTime !== shown && video.videoWidth) {
        shown = video.currentTime;
        this.#shown(now, onPicture);
      }
      requestAnimationFrame(poll);
    };
    requestAnimationFrame(poll);
  }

  /**
   * @param {number} captured
   * @param {(captured: number) => void} onPicture
   */
  #shown(captured, onPicture) {
    this.#newest = captured;
    // Chromium was seen, rarely, to show pictures and lead none of them past the page any more.
    if (this.#taker && this.straight && ++this.#overdue > MOST_OVERDUE) this.straight = false;
    if (this.#taker && !this.straight) this.#pack();
    onPicture(captured);
  }

  /**
   * The newest picture, unmirrored, that was not given before, or the next one; null when the camera is closed.
   * @returns {Promise<Packed | null>}
   */
  next() {
    return new Promise((resolve) => {
      this.#taker = resolve;
      if (!this.stream) this.#give(null);
      else if (this.straight) this.#ask();
      else this.#pack();
    });
  }

  /** Asks the packer for the newest of the pictures that go to it by themselves. */
  #ask() {
    this.#overdue = 0;
    this.packer.postMessage({ wanted: true });
  }

  /** Sends the packer the picture on the screen. */
  async #pack() {
    const { video } = this;
    const captured = this.#newest;
    if (captured === null || this.#packing || !video.videoWidth || video.readyState < video.HAVE_CURRENT_DATA) return;
    this.#newest = null;
    this.#packing = true;
    try {
      const picture = "VideoFrame" in window ? new VideoFrame(video) : await createImageBitmap(video);
      this.packer.postMessage({ picture, captured }, [picture]);
    } catch {
      this.#packing = false; // the picture has just gone, with its camera
    }
  }

  /** @param {Packed | null} packed */
  #give(packed) {
    const taker = this.#taker;
    this.#taker = null;
    taker?.(packed);
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop(); // fires no "ended"
    this.stream = null;
    this.video.srcObject = null;
    this.packer.postMessage({ over: true });
    this.#give(null);
  }
}
