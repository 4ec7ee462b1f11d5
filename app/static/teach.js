// @ts-check
// Teaching: an action is named, shown a few times and from then on recognised beside the built-in ones.

import { Actions } from "./teach-actions.js";
import { Recorder } from "./teach-recorder.js";

/** @import { Asked, Limbs, Part, Seen, Settings, Taught, Teaching, Told } from "./types.js" */

export const TEACH = `
  <section class="p2a-teach" aria-label="Your own actions">
    <header>
      <h2>Your own actions</h2>
      <label class="p2a-teach-use"><input type="checkbox" data-teach="use"> recognise them</label>
      <label>Collection <input type="text" data-teach="collection" maxlength="60" value="mine" list="p2a-collections"></label>
      <datalist id="p2a-collections"></datalist>
    </header>
    <form>
      <label>Name <input type="text" data-teach="name" maxlength="60" placeholder="my move" autocomplete="off"></label>
      <label>Seconds <input type="number" data-teach="seconds" min="1" max="10" step="0.5" value="2.5"></label>
      <label><input type="checkbox" data-teach="sides"> the other hand counts too</label>
      <label title="Without it only the landmarks are kept"><input type="checkbox" data-teach="film"> Keep the video too, on this machine</label>
      <button type="submit" data-teach="count">Count me in</button>
      <button type="button" data-teach="hold" title="Records while it is held, with the mouse or the space bar">Hold to record</button>
      <button type="button" data-teach="row" title="Do it several times and stand still for a moment between: each time becomes a recording">Several in a row</button>
      <button type="button" data-teach="undo" hidden>Undo</button>
    </form>
    <p class="p2a-teach-count" aria-live="assertive"></p>
    <p class="p2a-teach-said" role="status"></p>
    <ul class="p2a-teach-actions"></ul>
  </section>`;

// Seconds of several in a row at most: what was done longer ago the program has forgotten (app/live/landmarks.py).
const LONGEST_ROW = 30;

// Which collection is recognised outlasts the page, where the browser lets it.
const KEY = "pose2action:own";

/** @param {string | null} collection */
function remember(collection) {
  try {
    if (collection === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, collection);
  } catch {
    // private windows may have no storage
  }
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @implements {Part} */
export class Teach {
  /** @type {Taught | null} */
  state = null;
  live = false;
  row = false; // several in a row are recorded, to be cut where the body rests

  /**
   * @param {HTMLElement} root the section
   * @param {(message: Asked) => void} ask
   * @param {(settings: Settings) => void} choose
   */
  constructor(root, ask, choose) {
    this.root = root;
    this.ask = ask;
    this.choose = choose;
    /**
     * @template {HTMLElement} Kind
     * @param {string} name
     * @param {new () => Kind} kind
     */
    const find = (name, kind) => {
      const found = root.querySelector(`[data-teach=${name}]`);
      if (!(found instanceof kind)) throw new TypeError(name);
      return found;
    };
    this.use = find("use", HTMLInputElement);
    this.collection = find("collection", HTMLInputElement);
    this.name = find("name", HTMLInputElement);
    this.seconds = find("seconds", HTMLInputElement);
    this.sides = find("sides", HTMLInputElement);
    this.film = find("film", HTMLInputElement);
    this.countButton = find("count", HTMLButtonElement);
    this.holdButton = find("hold", HTMLButtonElement);
    this.rowButton = find("row", HTMLButtonElement);
    this.undoButton = find("undo", HTMLButtonElement);
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(name));
    this.said = part(".p2a-teach-said");
    this.names = part("datalist");
    this.recorder = new Recorder(part(".p2a-teach-count"), () => this.#enable(), (...times) => this.#record(...times));
    this.actions = new Actions(part(".p2a-teach-actions"), (order) => this.#ask(order), (action) => {
      this.name.value = action;
      this.#count();
    });
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#count();
    });
    this.use.addEventListener("change", () => this.#useIt());
    this.collection.addEventListener("change", () => {
      this.actions.clear();
      if (this.use.checked) this.#useIt();
      this.#list();
    });
    this.film.addEventListener("change", () => this.#filmIt());
    this.rowButton.addEventListener("click", () => this.#several());
    this.undoButton.addEventListener("click", () => this.#ask({ type: "teach-undo" }));
    const hold = this.holdButton;
    hold.addEventListener("pointerdown", (event) => {
      hold.setPointerCapture(event.pointerId);
      this.#hold();
    });
    for (const end of ["pointerup", "pointercancel", "blur"]) hold.addEventListener(end, () => this.recorder.end());
    hold.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) this.#hold();
    });
    hold.addEventListener("keyup", () => this.recorder.end());
    const chosen = remembered();
    if (chosen !== null) {
      this.use.checked = true;
      this.collection.value = chosen;
      this.#useIt();
    }
    this.#filmIt();
    this.#enable();
  }

  /** The collection that is taught. */
  get where() {
    return this.collection.value.trim() || "mine";
  }

  /** @param {Record<string, Limbs>} limbs */
  set drawing(limbs) {
    this.actions.loops.drawing = limbs;
  }

  /** @param {Seen} answer */
  seen({ captured, persons }) {
    this.recorder.latest = captured;
    if (!this.live) {
      this.live = true;
      this.#enable();
      this.#list();
    }
    this.actions.score(persons);
  }

  /** @param {Told} message */
  told(message) {
    if (message.type === "taught") this.#taught(message);
    else if (message.type === "teach-shown") this.actions.loops.take(message.action, message.loops);
    else if (message.type === "teach-failed") {
      this.#say(message.message);
      if (this.recorder.phase === "sending") this.recorder.rest();
    }
  }

  clear() {
    this.live = false;
    this.recorder.latest = -Infinity;
    this.recorder.rest();
  }

  #useIt() {
    const own = this.use.checked ? this.where : null;
    remember(own);
    this.choose({ own });
  }

  /** Tells the program in advance, as it keeps no pictures otherwise. */
  #filmIt() {
    this.choose({ film: this.film.checked });
  }

  #list() {
    this.#ask({ type: "teach-list" });
  }

  /** @param {Teaching} order */
  #ask(order) {
    if (this.live) this.ask({ collection: this.where, ...order });
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.said.textContent = sentence;
  }

  #enable() {
    const { phase } = this.recorder;
    const row = this.row && phase !== "idle";
    this.countButton.disabled = !this.live || phase === "sending" || row;
    this.countButton.textContent = phase === "counting" && !row ? "Stop" : "Count me in";
    this.holdButton.disabled = !this.live || phase === "counting" || phase === "sending" || row;
    this.rowButton.disabled = !this.live || phase === "sending" || (phase !== "idle" && !row);
    this.rowButton.textContent = !row ? "Several in a row" : phase === "counting" ? "Stop" : "Done";
    this.root.classList.toggle("p2a-recording", phase === "recording");
    this.name.readOnly = phase !== "idle";
    if (!this.live && !this.state) this.#say("Start the camera, then name an action and show it three times.");
  }

  /** Whether a recording may begin; says what is missing. */
  #ready() {
    if (!this.live || this.recorder.phase !== "idle") return false;
    if (this.name.value.trim()) return true;
    this.#say("Name the action first.");
    this.name.focus();
    return false;
  }

  #count() {
    const { phase } = this.recorder;
    if (phase === "counting" || phase === "recording") this.recorder.rest();
    else if (this.#ready()) {
      this.row = false;
      this.recorder.count(Math.min(Math.max(Number(this.seconds.value) || 2.5, 1), 10));
    }
  }

  #hold() {
    if (!this.#ready()) return;
    this.row = false;
    this.recorder.begin();
  }

  /** Begins to record several in a row; pressed again, ends it. */
  #several() {
    const { phase } = this.recorder;
    if (phase === "counting") this.recorder.rest();
    else if (phase === "recording") this.recorder.end();
    else if (this.#ready()) {
      this.row = true;
      this.#say("Do it several times, stand still for a moment before, between and after, then press Done.");
      this.recorder.count(LONGEST_ROW);
    }
  }

  /**
   * @param {number} since
   * @param {number} until
   */
  #record(since, until) {
    const action = this.name.value.trim();
    const both_sides = this.sides.checked || null;
    this.#ask({ type: "teach-record", action, since, until, both_sides, cuts: this.row, film: this.film.checked });
  }

  /** @param {Taught} message */
  #taught(message) {
    const recorded = message.kept !== null && this.recorder.phase === "sending";
    this.state = message;
    this.names.replaceChildren(
      ...message.collections.map((name) => Object.assign(document.createElement("option"), { value: name })),
    );
    if (recorded) {
      this.actions.open.add(this.name.value.trim());
      this.recorder.rest();
      if (!this.use.checked) {
        this.use.checked = true;
        this.#useIt();
      }
    }
    if (message.said) this.#say(message.said);
    else if (!message.actions.length && !this.said.textContent) this.#say("Name an action and show it three times.");
    this.undoButton.hidden = message.undo === null;
    this.undoButton.textContent = `Undo: ${message.undo ?? ""} back`;
    this.actions.show(message.actions);
  }
}
