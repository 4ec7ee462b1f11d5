// @ts-check
// <pose-live>: the live tab. Camera -> WebSocket -> annotated picture, labels, bars and the last 30 seconds.

import { Camera, CameraError } from "./camera.js";
import { fused } from "./choice.js";
import { Connection } from "./connection.js";
import { HeatPanel } from "./heat.js";
import { People } from "./people.js";
import { TEMPLATE } from "./stage.js";

/** @import { Settings, State, Told, View } from "./types.js" */

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
  current?.connection?.send(chosen);
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

/** @param {number[]} values */
export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

class PoseLive extends HTMLElement {
  /** @type {Phase} */
  state = "off";
  /** @type {Camera | null} */
  camera = null;
  /** @type {Connection | null} */
  connection = null;
  /** @type {number | null} capture time of a picture that waits for its turn */
  newest = null;
  /** @type {{at: number, latency: number}[]} of the last two seconds */
  shown = [];
  figuresAt = -Infinity;
  /** @type {Map<number, HeatPanel>} by person */
  heat = new Map();
  /** @type {string[]} CSS colours, by person */
  colours = [];
  problem = "";

  constructor() {
    super();
    this.content = document.createElement("div");
    this.content.className = "p2a-live";
    this.content.innerHTML = TEMPLATE;
    /**
     * @template {HTMLElement} Kind
     * @param {string} selector
     * @param {new () => Kind} kind
     */
    const find = (selector, kind) => {
      const found = this.content.querySelector(selector);
      if (!(found instanceof kind)) throw new TypeError(selector);
      return found;
    };
    this.video = find(".p2a-preview", HTMLVideoElement);
    this.canvas = find(".p2a-picture", HTMLCanvasElement);
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d", { alpha: false }));
    this.noteBox = find(".p2a-note", HTMLElement);
    this.stateBox = find(".p2a-state", HTMLElement);
    this.stopButton = find(".p2a-stop", HTMLElement);
    this.emptyBox = find(".p2a-now .p2a-empty", HTMLElement);
    this.heatBox = find(".p2a-heat", HTMLElement);
    this.heatEmptyBox = find(".p2a-heat .p2a-empty", HTMLElement);
    this.figures = {
      fps: find("[data-figure=fps]", HTMLElement),
      latency: find("[data-figure=latency]", HTMLElement),
      labels: find("[data-figure=labels]", HTMLElement),
    };
    this.people = new People(find(".p2a-cards", HTMLElement), find(".p2a-strips", HTMLElement));
    find(".p2a-start", HTMLElement).addEventListener("click", () => this.start());
    this.stopButton.addEventListener("click", () => this.stop());
  }

  connectedCallback() {
    this.replaceChildren(this.content);
    this.colours = this.people.colours = JSON.parse(this.dataset.colours ?? "[]");
    const { weights, threshold, attention } = this.dataset;
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
    this.camera.watch((captured) => {
      if (!this.connection) this.#connect(); // after a pause
      this.newest = captured;
      this.#pump();
    });
  }

  stop(sentence = "") {
    this.connection?.close();
    this.camera?.close();
    this.connection = this.camera = null;
    this.newest = null;
    this.shown = [];
    this.people.clear();
    this.#keepHeat([]);
    for (const each of Object.values(this.figures)) each.textContent = "–";
    this.#become("off");
    this.note(sentence);
  }

  /** @param {string} sentence "" for none */
  note(sentence) {
    if (this.noteBox.textContent !== sentence) this.noteBox.textContent = sentence;
    this.noteBox.hidden = !sentence;
  }

  /** @param {Phase} state */
  #become(state) {
    this.state = this.dataset.state = state;
    this.stateBox.textContent = STATES[state];
    this.stopButton.hidden = state === "off";
    this.emptyBox.textContent = state === "off" ? "Actions appear here." : `No ${this.people.name.toLowerCase()} in the picture yet.`;
  }

  #connect() {
    const connection = (this.connection = new Connection(() => settings));
    connection.addEventListener("lost", () => {
      this.#become("lost");
      this.note("The program does not answer. Trying again …");
    });
    connection.addEventListener("open", () => {
      this.#become("loading");
      this.note("");
    });
    connection.addEventListener("message", (event) => {
      this.#told(/** @type {CustomEvent<Told>} */ (event).detail);
    });
    connection.addEventListener("view", (event) => {
      this.#show(/** @type {CustomEvent<View>} */ (event).detail, connection);
    });
  }

  /** @param {Told} message */
  #told(message) {
    if (message.type === "ready") {
      this.#keepHeat([]); // other weights may look at other joints
      this.people.call(message.subject === "hand" ? "Hand" : "Person");
      this.#become(this.state);
      this.problem = "";
      this.note("");
    } else if (message.type === "weights-failed") {
      this.problem = message.message;
      this.note(this.problem);
    } else if (message.type === "skipped") {
      this.note(message.message ?? "");
    } else if (message.type === "idle") {
      this.#pause(message.message);
    } else {
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
    this.#become("paused");
    this.note(sentence);
  }

  // Sends the newest picture as soon as there is a place for it; pictures in between are never queued.
  async #pump() {
    const { camera, connection } = this;
    if (!camera || this.newest === null || !connection?.free) return;
    const captured = this.newest;
    this.newest = null;
    connection.reserve(captured);
    await connection.frame(captured, await camera.grab());
  }

  /**
   * @param {View} view
   * @param {Connection} connection that brought it
   */
  async #show({ state, jpeg }, connection) {
    this.#pump();
    const picture = await createImageBitmap(jpeg);
    requestAnimationFrame(() => {
      if (this.connection === connection) this.#draw(state, picture);
      picture.close();
    });
  }

  /**
   * @param {State} state
   * @param {ImageBitmap} picture
   */
  #draw(state, picture) {
    if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
      this.canvas.width = picture.width;
      this.canvas.height = picture.height;
      this.style.setProperty("--aspect", String(picture.width / picture.height));
    }
    this.context.drawImage(picture, 0, 0);
    if (this.state !== "on") this.#become("on");
    this.note(state.message || this.problem || "");
    this.people.show(state);
    this.emptyBox.hidden = state.persons.length > 0;
    this.#drawHeat(state);
    this.#measure(state);
  }

  /** Follows the switch: what the network looks at has its place in the page, or none. */
  showHeat() {
    this.heatBox.hidden = !settings.attention;
    this.classList.toggle("p2a-looking", Boolean(settings.attention));
    if (!settings.attention) this.#keepHeat([]);
  }

  /** @param {number[]} ids of the people whose panels stay */
  #keepHeat(ids) {
    for (const [id, panel] of this.heat) {
      if (ids.includes(id)) continue;
      panel.remove();
      this.heat.delete(id);
    }
    this.heatEmptyBox.hidden = this.heat.size > 0;
  }

  /**
   * Only answers that bring a new label tell what the network looked at; the others change nothing.
   * @param {State} state
   */
  #drawHeat({ persons, attention = [] }) {
    if (!settings.attention) return;
    for (const panel of attention) {
      const { person } = panel;
      let shown = this.heat.get(person);
      if (!shown) {
        const tint = this.colours[person % this.colours.length];
        shown = new HeatPanel(this.heatBox, `${this.people.name} ${person + 1}`, tint);
        this.heat.set(person, shown);
      }
      shown.show(panel);
    }
    // Without a label there is nothing that anyone looked at for it.
    this.#keepHeat(persons.filter(({ top }) => top.length).map(({ id }) => id));
  }

  /** @param {State} state */
  #measure(state) {
    const at = performance.now();
    const latency = at - state.captured;
    this.shown.push({ at, latency });
    while (this.shown[0].at < at - 2000) this.shown.shift();
    const span = at - this.shown[0].at;
    if (at - this.figuresAt >= 500) {
      this.figuresAt = at;
      this.figures.fps.textContent = span > 300 ? (((this.shown.length - 1) * 1000) / span).toFixed(0) : "–";
      this.figures.latency.textContent = `${median(this.shown.map((each) => each.latency)).toFixed(0)} ms`;
      this.figures.labels.textContent = state.labels_per_second.toFixed(1);
    }
    this.dispatchEvent(new CustomEvent("pose2action:shown", { bubbles: true, detail: { at, latency, state } }));
  }
}

customElements.define("pose-live", PoseLive);
