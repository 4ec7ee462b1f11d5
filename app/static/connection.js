// @ts-check
// The way to the recogniser: the newest frame out, what was seen in it in; finds its way back after an interruption.

/** @import { Asked, Seen, Settings, Told } from "./types.js" */

const MOST_IN_FLIGHT = 2;
const EARLY = 20; // milliseconds by which the second frame may be taken before the program is done with the first
const FIRST_WAIT = 500;
const LONGEST_WAIT = 4000;

/**
 * A frame: float64 capture time in milliseconds, little-endian, then the JPEG.
 * @param {number} captured
 * @param {ArrayBuffer} jpeg
 */
export function packFrame(captured, jpeg) {
  const message = new Uint8Array(8 + jpeg.byteLength);
  new DataView(message.buffer).setFloat64(0, captured, true);
  message.set(new Uint8Array(jpeg), 8);
  return message;
}

export class Connection extends EventTarget {
  // Events: "open", "lost" (tries again by itself), "seen" (detail: the answer to a frame), "told" (detail: any
  // other message).

  /** @type {{ captured: number, at: number }[]} the frames that are not answered yet, and when they went out */
  inFlight = [];
  /** @type {number | undefined} */
  timer;
  answered = false;
  worksFor = 0; // milliseconds that the program takes for a frame

  /** @param {() => Settings} settings what the server is told first, each time */
  constructor(settings) {
    super();
    this.settings = settings;
    this.wait = FIRST_WAIT;
    this.closed = false;
    this.socket = this.#open();
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(new URL("live", `${scheme}//${location.host}${location.pathname}`));
    this.inFlight = [];
    this.answered = false;
    socket.onopen = () => {
      this.#say("open");
      this.ask({ type: "settings", ...this.settings() });
    };
    socket.onmessage = ({ data }) => {
      if (this.closed || socket !== this.socket) return;
      this.wait = FIRST_WAIT; // not when it opens: a program that takes the call and then leaves is no answer
      this.#take(JSON.parse(data));
    };
    socket.onclose = () => {
      if (this.closed || socket !== this.socket) return;
      this.#again();
    };
    return socket;
  }

  #again() {
    this.#say("lost");
    this.timer = setTimeout(() => (this.socket = this.#open()), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** Gives up a socket at whose other end nobody answers any more, and opens another. */
  renew() {
    const { socket } = this;
    clearTimeout(this.timer);
    this.socket = this.#open();
    socket.close();
  }

  /**
   * @param {"open" | "lost" | "seen" | "told"} name
   * @param {Seen | Told} [detail]
   */
  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** @param {Seen | Told} message */
  #take(message) {
    // The server answers the newest frame only, so an answer settles all frames before it too.
    if ("captured" in message) this.inFlight = this.inFlight.filter(({ captured }) => captured > message.captured);
    if (message.type === "seen") {
      this.answered = true;
      this.worksFor += 0.2 * (message.total_ms - this.worksFor);
    }
    this.#say(message.type === "seen" ? "seen" : "told", message);
  }

  /**
   * How many milliseconds an answer has been overdue; 0 before the first, as weights may take long to load.
   * @param {number} now
   */
  silence(now) {
    return this.answered && this.inFlight.length ? now - this.inFlight[0].at : 0;
  }

  /**
   * In how many milliseconds one more frame may go out, unless an answer comes before; infinitely many where it takes
   * an answer, or a connection. The program shall neither wait for a frame, nor a frame for the program.
   * @param {number} now
   */
  freeIn(now) {
    const { inFlight, socket } = this;
    if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount || inFlight.length >= MOST_IN_FLIGHT) return Infinity;
    return inFlight.length ? Math.max(0, inFlight[0].at + this.worksFor - EARLY - now) : 0;
  }

  /**
   * Sends a frame.
   * @param {number} captured
   * @param {ArrayBuffer} jpeg
   */
  frame(captured, jpeg) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    this.inFlight.push({ captured, at: performance.now() });
    this.socket.send(packFrame(captured, jpeg));
  }

  /** @param {Asked} message */
  ask(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}
