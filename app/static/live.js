// @ts-check
// <pose-live>: the live tab. The camera's picture is shown by the browser itself; its newest one goes to the
// program, whose answers are drawn over it and handed to the parts of the page.

import { Camera, CameraError } from "./camera.js";
import { fused } from "./choice.js";
import { Connection } from "./connection.js";
import { Looking } from "./looking.js";
import { Meters } from "./meters.js";
import { Mirror } from "./mirror.js";
import { People } from "./people.js";
import { savePicture, saveRecord } from "./saving.js";
import { TEMPLATE } from "./stage.js";
import { Teach } from "./teach.js";

/** @import { Asked, Part, Seen, Settings, Told } from "./types.js" */

// Gradio's dropdown and slider tell of changes by this event; they may come before the element exists.
/** @type {Settings} */
const settings = {};
/** @type {PoseLive | null} */
let current = null;
window.addEventListener("pose2action:settings", ({ detail }) => {
  if ("threshold" in detail) {
    // While somebody types, the box beside the slider tells numbers outside its range, or none at all.
    if (typeof detail.threshold !== "number" || !Number.isFinite(detail.threshold)) return;
    detail.threshold = Math.min(Math.max(detail.threshold, 0), 1);
  }
  choose(detail);
});
window.addEventListener("pose2action:fusion", ({ detail: { names, shares } }) => {
  const weights = fused(names, shares);
  if (weights !== null) choose({ weights });
});

/** @param {Settings} chosen */
function choose(chosen) {
  Object.assign(settings, chosen);
  current?.ask({ type: "settings", ...chosen });
  current?.showHeat();
}

const STATES = {
  off: "Camera off",
  asking: "Waiting for the camera …",
  loading: "Loading the recogniser …",
  on: "Live",
  lost: "Reconnecting …",
  paused: "Paused",
};
/** @typedef {keyof typeof STATES} Phase */

/** Milliseconds without an answer after which the page says so, and after which it tries another connection. */
const SILENT = 3000;
const DEAD = 20_000;
/** Milliseconds without a picture on the screen after which nothing is sent: nobody sees the tab. */
const UNSEEN = 500;
const NO_ANSWER = "The program does not answer. Trying again …";

class PoseLive extends HTMLElement {
  /** @type {Phase} */
  state = "off";
  /** @type {Camera | null} */
  camera = null;
  /** @type {Connection | null} */
  connection = null;
  shownAt = -Infinity; // when the newest picture came on the screen
  /** @type {Camera | null} the one that is asked for a picture */
  fetching = null;
  /** @type {number | undefined} */
  timer;
  problem = "";

  constructor() {
    super();
    this.content = document.createElement("div");
    this.content.className = "p2a-live";
    this.content.innerHTML = TEMPLATE;
    /**
     * @template {HTMLElement} [Kind=HTMLElement]
     * @param {string} selector
     * @param {new () => Kind} [kind]
     */
    const find = (selector, kind) => {
      const found = this.content.querySelector(selector);
      if (!(found instanceof (kind ?? HTMLElement))) throw new TypeError(selector);
      return /** @type {Kind} */ (found);
    };
    this.video = find(".p2a-preview", HTMLVideoElement);
    this.noteBox = find(".p2a-note");
    this.stateBox = find(".p2a-state");
    this.stopButton = find(".p2a-stop");
    this.saveButtons = [find(".p2a-save-picture", HTMLButtonElement), find(".p2a-save-record", HTMLButtonElement)];
    this.meters = new Meters({
      pictures: find("[data-figure=pictures]"),
      poses: find("[data-figure=poses]"),
      age: find("[data-figure=age]"),
      labels: find("[data-figure=labels]"),
    });
    this.people = new People(find(".p2a-cards"), find(".p2a-strips"), find(".p2a-now .p2a-empty"));
    this.looking = new Looking(find(".p2a-heat"), find(".p2a-heat .p2a-empty"));
    this.mirror = new Mirror(this.video, find(".p2a-overlay", HTMLCanvasElement), (drawn) => {
      const age = drawn.at - drawn.captured;
      this.meters.drawn(drawn.at, age);
      this.dispatchEvent(new CustomEvent("pose2action:drawn", { bubbles: true, detail: { ...drawn, age } }));
    });
    this.teach = new Teach(find(".p2a-teach"), (message) => this.ask(message), choose);
    /** @type {Part[]} all that follow the session */
    this.parts = [this.mirror, this.people, this.looking, this.meters, this.teach];
    find(".p2a-start").addEventListener("click", () => this.start());
    this.stopButton.addEventListener("click", () => this.stop());
    const [picture, record] = this.saveButtons;
    picture.addEventListener("click", () => {
      const still = this.mirror.still();
      if (still) savePicture(still);
    });
    record.addEventListener("click", () => this.ask({ type: "record" }));
    this.content.addEventListener("pose2action:shape", (event) => {
      this.style.setProperty("--aspect", String(/** @type {CustomEvent<number>} */ (event).detail));
    });
  }

  connectedCallback() {
    this.replaceChildren(this.content);
    const { weights, threshold, attention, colours, drawing } = this.dataset;
    this.mirror.colours = this.people.colours = this.looking.colours = JSON.parse(colours ?? "[]");
    if (drawing !== undefined) this.mirror.drawing = this.teach.drawing = JSON.parse(drawing);
    if (weights !== undefined) settings.weights ??= JSON.parse(weights);
    if (threshold !== undefined) settings.threshold ??= JSON.parse(threshold);
    if (attention !== undefined) settings.attention ??= JSON.parse(attention);
    current = this;
    this.#become("off");
    this.showHeat();
  }

  disconnectedCallback() {
    this.stop();
    if (current === this) current = null;
  }

  async start() {
    this.stop();
    this.note("");
    this.#become("asking");
    let camera;
    try {
      camera = await Camera.open(this.video, () => this.stop("The camera was unplugged or taken away. Connect it and press Start again."));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.stop(error instanceof CameraError ? reason : `The camera could not be opened: ${reason}`);
      return;
    }
    if (!this.isConnected || this.state !== "asking") return camera.close();
    this.camera = camera;
    this.#become("loading");
    this.#connect();
    camera.watch((captured) => this.#picture(captured));
  }

  stop(sentence = "") {
    this.connection?.close();
    this.camera?.close();
    this.connection = this.camera = null;
    clearTimeout(this.timer);
    for (const part of this.parts) part.clear?.();
    this.#become("off");
    this.note(sentence);
  }

  /**
   * Tells the program something, if it listens.
   * @param {Asked} message
   */
  ask(message) {
    this.connection?.ask(message);
  }

  /** @param {string} sentence "" for none */
  note(sentence) {
    if (this.noteBox.textContent !== sentence) this.noteBox.textContent = sentence;
    this.noteBox.hidden = !sentence;
  }

  /** Follows the switch: what the network looks at has its place in the page, or none. */
  showHeat() {
    const wanted = Boolean(settings.attention);
    this.classList.toggle("p2a-looking", wanted);
    this.looking.want(wanted);
    if (!wanted) this.mirror.cool();
  }

  /** @param {Phase} state */
  #become(state) {
    this.state = this.dataset.state = state;
    this.stateBox.textContent = STATES[state];
    this.stopButton.hidden = state === "off";
    for (const button of this.saveButtons) button.disabled = state !== "on";
  }

  #connect() {
    const connection = (this.connection = new Connection(() => settings));
    connection.addEventListener("lost", () => this.#lose());
    connection.addEventListener("open", () => {
      this.#become("loading");
      this.note("");
    });
    connection.addEventListener("told", (event) => this.#told(/** @type {CustomEvent<Told>} */ (event).detail));
    connection.addEventListener("seen", (event) => this.#seen(/** @type {CustomEvent<Seen>} */ (event).detail));
  }

  /** The picture stays; what is said about it would be old. */
  #lose() {
    this.#become("lost");
    this.people.gone();
    this.note(NO_ANSWER);
  }

  /**
   * A new picture of the camera is on the screen.
   * @param {number} captured
   */
  #picture(captured) {
    this.shownAt = performance.now();
    this.meters.picture();
    this.mirror.picture(captured);
    if (!this.connection) this.#connect(); // after a pause
    const silence = this.connection?.silence(this.shownAt) ?? 0;
    if (silence > DEAD) this.connection?.renew();
    else if (silence > SILENT && this.state === "on") this.#lose();
    this.#pump();
  }

  // Sends a picture as soon as there is a place for it, the newest; pictures in between are never queued.
  async #pump() {
    const { camera, connection } = this;
    clearTimeout(this.timer);
    const now = performance.now();
    if (!camera || !connection || this.fetching === camera || now - this.shownAt > UNSEEN) return;
    const wait = connection.freeIn(now);
    if (wait) {
      if (Number.isFinite(wait)) this.timer = setTimeout(() => this.#pump(), wait);
      return;
    }
    this.fetching = camera;
    const packed = await camera.next();
    if (this.fetching === camera) this.fetching = null;
    if (packed && connection === this.connection) connection.frame(packed.captured, packed.jpeg);
  }

  /** @param {Seen} answer */
  #seen(answer) {
    this.#pump();
    if (this.state !== "on") this.#become("on");
    this.note(answer.message || this.problem);
    for (const part of this.parts) part.seen?.(answer);
    this.dispatchEvent(new CustomEvent("pose2action:seen", { bubbles: true, detail: answer }));
  }

  /** @param {Told} message */
  #told(message) {
    for (const part of this.parts) part.told?.(message);
    switch (message.type) {
      case "ready":
        this.problem = "";
        this.note("");
        break;
      case "weights-failed":
        this.problem = message.message;
        this.note(this.problem);
        break;
      case "skipped":
        if (message.message) this.note(message.message);
        break;
      case "taught":
      case "teach-shown":
      case "teach-failed":
        break; // the teaching's own
      case "recorded":
        saveRecord(message.record);
        break;
      case "idle":
        this.#pause(message.message);
        break;
      default:
        this.stop(message.message); // refused or failed: for good, until Start is pressed again
    }
  }

  /**
   * A tab that nobody sees gets no pictures from its camera; the program gives its place to others, and the next
   * picture asks for one again.
   * @param {string} sentence
   */
  #pause(sentence) {
    this.connection?.close();
    this.connection = null;
    this.people.gone();
    this.#become("paused");
    this.note(sentence);
  }
}

customElements.define("pose-live", PoseLive);
