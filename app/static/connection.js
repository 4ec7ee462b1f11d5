// @ts-check
// The way to the recogniser: newest frame out, annotated pictures in; finds its way back after an interruption.

import { packFrame, unpackView } from "./wire.js";

/** @import { Settings, Told, View } from "./types.js" */

const MOST_IN_FLIGHT = 2;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class Connection extends EventTarget {
  // Events: "open", "lost" (tries again by itself), "message" (detail: a JSON message),
  // "view" (detail: {state, jpeg}).

  /** @type {number[]} capture times of the frames that are not answered yet */
  inFlight = [];
  /** @type {number | undefined} */
  timer;

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
    socket.binaryType = "arraybuffer";
    this.inFlight = [];
    socket.onopen = () => {
      this.#say("open");
      this.send(this.settings());
    };
    socket.onmessage = ({ data }) => {
      if (this.closed) return;
      this.wait = FIRST_WAIT; // not when it opens: a program that takes the call and then leaves is no answer
      if (typeof data === "string") this.#told(JSON.parse(data));
      else this.#viewed(data);
    };
    socket.onclose = () => {
      if (this.closed) return;
      this.#say("lost");
      this.timer = setTimeout(() => (this.socket = this.#open()), this.wait);
      this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    };
    return socket;
  }

  /**
   * @param {"open" | "lost" | "message" | "view"} name
   * @param {Told | View} [detail]
   */
  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** @param {Told} message */
  #told(message) {
    if (message.type === "skipped") this.#answered(message.captured);
    if (message.type !== "skipped" || message.message) this.#say("message", message);
  }

  /** @param {ArrayBuffer} data */
  #viewed(data) {
    const view = unpackView(data);
    this.#answered(view.state.captured);
    this.#say("view", view);
  }

  /**
   * The server answers the newest frame only, so an answer settles all frames before it too.
   * @param {number} captured
   */
  #answered(captured) {
    this.inFlight = this.inFlight.filter((each) => each > captured);
  }

  /** Whether one more frame may go out now. */
  get free() {
    return (
      this.socket.readyState === WebSocket.OPEN && this.inFlight.length < MOST_IN_FLIGHT && !this.socket.bufferedAmount
    );
  }

  /**
   * Takes the place of a frame that is about to be sent.
   * @param {number} captured
   */
  reserve(captured) {
    this.inFlight.push(captured);
  }

  /**
   * Sends a reserved frame; null gives the place back.
   * @param {number} captured
   * @param {Blob | null} blob
   */
  async frame(captured, blob) {
    const jpeg = await blob?.arrayBuffer();
    if (!jpeg || this.socket.readyState !== WebSocket.OPEN) {
      this.inFlight = this.inFlight.filter((each) => each !== captured);
      return;
    }
    this.socket.send(packFrame(captured, jpeg));
  }

  /**
   * Sends settings (weights, threshold, attention).
   * @param {Settings} settings
   */
  send(settings) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(settings));
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket.close();
  }
}
