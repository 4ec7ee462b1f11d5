// @ts-check
// Teaching: an action is named, shown a few times and from then on recognised beside the built-in ones.

/** @import { Asked, Limbs, Part, Seen, Settings, Taught, TeachShown, Told } from "./types.js" */

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
      <button type="submit" data-teach="count">Count me in</button>
      <button type="button" data-teach="hold" title="Records while it is held, with the mouse or the space bar">Hold to record</button>
      <button type="button" data-teach="undo" hidden>Undo</button>
    </form>
    <p class="p2a-teach-count" aria-live="assertive"></p>
    <p class="p2a-teach-said" role="status"></p>
    <ul class="p2a-teach-actions"></ul>
  </section>`;

const COUNT = 3; // seconds before a recording
const LATE = 3000; // milliseconds for which the program's answers to the last frames are waited for
const PERIOD = 1600; // milliseconds of a skeleton's loop

/** @param {string} label */
const readable = (label) => label.replaceAll("_", " ");

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
  /** @type {Map<string, Record<string, number[][]>>} skeletons by action and recording */
  loops = new Map();
  /** @type {Set<string>} actions whose recordings are shown */
  open = new Set();
  /** @type {Record<string, Limbs>} */
  drawing = {};
  live = false;
  latest = -Infinity; // capture time of the newest answer
  /** @type {"idle" | "counting" | "recording" | "sending"} */
  phase = "idle";
  began = 0;
  /** @type {number | undefined} */
  timer;
  /** @type {ReturnType<typeof setTimeout> | 0} */
  frame = 0;

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
    this.countButton = find("count", HTMLButtonElement);
    this.holdButton = find("hold", HTMLButtonElement);
    this.undoButton = find("undo", HTMLButtonElement);
    const part = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(name));
    this.counter = part(".p2a-teach-count");
    this.said = part(".p2a-teach-said");
    this.list = part(".p2a-teach-actions");
    this.names = part("datalist");
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#count();
    });
    this.use.addEventListener("change", () => this.#useIt());
    this.collection.addEventListener("change", () => {
      this.open.clear();
      this.loops.clear();
      if (this.use.checked) this.#useIt();
      this.#list();
    });
    this.undoButton.addEventListener("click", () => this.#ask({ type: "teach-undo", collection: this.where }));
    const hold = this.holdButton;
    hold.addEventListener("pointerdown", (event) => {
      hold.setPointerCapture(event.pointerId);
      this.#begin();
    });
    for (const end of ["pointerup", "pointercancel", "blur"]) hold.addEventListener(end, () => this.#end());
    hold.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) this.#begin();
    });
    hold.addEventListener("keyup", () => this.#end());
    const chosen = remembered();
    if (chosen !== null) {
      this.use.checked = true;
      this.collection.value = chosen;
      this.#useIt();
    }
    this.#enable();
  }

  /** The collection that is taught. */
  get where() {
    return this.collection.value.trim() || "mine";
  }

  /** @param {Seen} answer */
  seen({ captured, persons }) {
    this.latest = captured;
    if (!this.live) {
      this.live = true;
      this.#enable();
      this.#list();
    }
    const top = new Map(persons[0]?.top ?? []);
    for (const bar of this.list.querySelectorAll("meter")) {
      bar.value = top.get(bar.dataset.action ?? "") ?? 0;
    }
  }

  /** @param {Told} message */
  told(message) {
    if (message.type === "taught") this.#taught(message);
    else if (message.type === "teach-shown") this.#shown(message);
    else if (message.type === "teach-failed") {
      this.#say(message.message);
      if (this.phase === "sending") this.#rest();
    }
  }

  clear() {
    clearTimeout(this.timer);
    this.live = false;
    this.latest = -Infinity;
    this.#rest();
  }

  #useIt() {
    const own = this.use.checked ? this.where : null;
    remember(own);
    this.choose({ own });
  }

  #list() {
    this.#ask({ type: "teach-list", collection: this.where });
  }

  /** @param {Asked} message */
  #ask(message) {
    if (this.live) this.ask(message);
  }

  /** @param {string} sentence */
  #say(sentence) {
    this.said.textContent = sentence;
  }

  #enable() {
    const busy = this.phase !== "idle";
    this.countButton.disabled = !this.live || this.phase === "sending";
    this.countButton.textContent = this.phase === "counting" ? "Stop" : "Count me in";
    this.holdButton.disabled = !this.live || this.phase === "counting" || this.phase === "sending";
    this.root.classList.toggle("p2a-recording", this.phase === "recording");
    this.name.readOnly = busy;
    if (!this.live && !this.state) this.#say("Start the camera, then name an action and show it three times.");
  }

  #named() {
    if (this.name.value.trim()) return true;
    this.#say("Name the action first.");
    this.name.focus();
    return false;
  }

  #count() {
    if (this.phase === "counting" || this.phase === "recording") return this.#rest();
    if (this.phase !== "idle" || !this.live || !this.#named()) return;
    this.phase = "counting";
    this.#enable();
    const step = (/** @type {number} */ left) => {
      if (left) {
        this.counter.textContent = String(left);
        this.timer = setTimeout(() => step(left - 1), 1000);
        return;
      }
      this.#begin(true);
      const seconds = Math.min(Math.max(Number(this.seconds.value) || 2.5, 1), 10);
      this.timer = setTimeout(() => this.#end(), 1000 * seconds);
    };
    step(COUNT);
  }

  #begin(counted = false) {
    if (!this.live || (this.phase !== "idle" && !counted)) return;
    if (!this.#named()) return;
    this.phase = "recording";
    this.began = performance.now();
    this.counter.textContent = "Now!";
    this.#enable();
  }

  #end() {
    if (this.phase !== "recording") return;
    const until = performance.now();
    this.phase = "sending";
    this.counter.textContent = "…";
    this.#enable();
    const wait = () => {
      if (this.phase !== "sending") return;
      // What was done last is still under way to the program.
      if (this.latest < until && performance.now() - until < LATE) {
        this.timer = setTimeout(wait, 50);
        return;
      }
      this.#ask({
        type: "teach-record",
        collection: this.where,
        action: this.name.value.trim(),
        since: this.began,
        until,
        both_sides: this.sides.checked || null,
      });
    };
    wait();
  }

  #rest() {
    clearTimeout(this.timer);
    this.phase = "idle";
    this.counter.textContent = "";
    this.#enable();
  }

  /** @param {Taught} message */
  #taught(message) {
    const recorded = message.kept !== null && this.phase === "sending";
    this.state = message;
    this.names.replaceChildren(
      ...message.collections.map((name) => Object.assign(document.createElement("option"), { value: name })),
    );
    if (recorded) {
      this.open.add(this.name.value.trim());
      this.#rest();
      if (!this.use.checked) {
        this.use.checked = true;
        this.#useIt();
      }
    }
    if (message.said) this.#say(message.said);
    else if (!message.actions.length && !this.said.textContent) this.#say("Name an action and show it three times.");
    this.undoButton.hidden = message.undo === null;
    this.undoButton.textContent = `Undo: ${message.undo ?? ""} back`;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.list.replaceChildren(...message.actions.map((action) => this.#action(action)));
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
    for (const { name, recordings } of message.actions) {
      const known = this.loops.get(name);
      if (this.open.has(name) && recordings.some((each) => !known?.[each.name])) this.#show(name);
    }
    this.#animate();
  }

  /** @param {string} action */
  #show(action) {
    this.#ask({ type: "teach-show", collection: this.where, action });
  }

  /** @param {TeachShown} message */
  #shown({ action, loops }) {
    this.loops.set(action, loops);
    this.#animate();
  }

  /** @param {Taught["actions"][number]} action */
  #action({ name, both_sides, hints, recordings }) {
    const item = document.createElement("li");
    const head = document.createElement("div");
    head.className = "p2a-teach-head";
    const title = document.createElement("strong");
    title.textContent = readable(name);
    const bar = document.createElement("meter");
    bar.dataset.action = name;
    bar.max = 1;
    bar.setAttribute("aria-label", `How sure it is of ${readable(name)} now`);
    const more = this.#button(`Again`, `more/${name}`, `Show ${name} once more`, () => {
      this.name.value = name;
      this.#count();
    });
    const rename = this.#button("Rename", `rename/${name}`, `Rename ${name}`, () => this.#rename(name, head));
    const sides = this.#button(both_sides ? "Either side" : "This side only", `sides/${name}`,
      `${name}: the other hand ${both_sides ? "counts too" : "does not count"}; press to change`, () =>
        this.#ask({ type: "teach-sides", collection: this.where, action: name, both_sides: !both_sides }));
    const remove = this.#button("Delete", `delete/${name}`, `Delete ${name} with all its recordings`, () =>
      this.#ask({ type: "teach-delete", collection: this.where, action: name }));
    head.append(title, bar, more, sides, rename, remove);
    const said = document.createElement("ul");
    said.className = "p2a-teach-hints";
    said.append(...hints.map((hint) => Object.assign(document.createElement("li"), { textContent: hint })));
    const details = document.createElement("details");
    details.open = this.open.has(name);
    details.addEventListener("toggle", () => {
      if (details.open === this.open.has(name)) return;
      if (details.open) {
        this.open.add(name);
        this.#show(name);
      } else this.open.delete(name);
    });
    const summary = document.createElement("summary");
    summary.textContent = recordings.length === 1 ? "1 recording" : `${recordings.length} recordings`;
    const cells = document.createElement("ol");
    cells.append(
      ...recordings.map((recording, index) => {
        const cell = document.createElement("li");
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 96;
        canvas.dataset.action = name;
        canvas.dataset.recording = recording.name;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `Recording ${index + 1} of ${name}, ${recording.seconds} seconds`);
        const about = document.createElement("span");
        about.textContent = recording.odd
          ? "does not look like the others"
          : recording.fit === null ? `${recording.seconds} s` : `${Math.round(100 * recording.fit)} % like the others`;
        cell.classList.toggle("p2a-odd", recording.odd);
        const away = this.#button("Delete", `delete/${name}/${recording.name}`, `Delete recording ${index + 1} of ${name}`, () =>
          this.#ask({ type: "teach-delete", collection: this.where, action: name, recording: recording.name }));
        cell.append(canvas, about, away);
        return cell;
      }),
    );
    details.append(summary, cells);
    item.append(head, said, details);
    return item;
  }

  /**
   * @param {string} text
   * @param {string} key that stays when the list is made anew
   * @param {string} label for who does not see it
   * @param {() => void} act
   */
  #button(text, key, label, act) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    button.dataset.key = key;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", act);
    return button;
  }

  /**
   * @param {string} name
   * @param {HTMLElement} head
   */
  #rename(name, head) {
    const input = Object.assign(document.createElement("input"), { type: "text", value: name, maxLength: 60 });
    input.setAttribute("aria-label", `New name of ${name}`);
    const done = (/** @type {boolean} */ keep) => {
      input.remove();
      const to = input.value.trim();
      if (!keep || !to || to === name) return;
      if (this.open.delete(name)) this.open.add(to);
      this.#ask({ type: "teach-rename", collection: this.where, action: name, to });
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        done(event.key === "Enter");
      }
    });
    head.append(input);
    input.focus();
    input.select();
  }

  // The loops move while any is to be seen, and only then; ten pictures a second are enough.
  #animate() {
    if (this.frame) return;
    const turn = () => {
      const canvases = [...this.list.querySelectorAll("details[open] canvas")];
      const drawn = canvases.filter((canvas) => this.#draw(/** @type {HTMLCanvasElement} */ (canvas), performance.now()));
      this.frame = drawn.length && this.root.isConnected ? setTimeout(turn, 100) : 0;
    };
    this.frame = setTimeout(turn);
  }

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} now
   * @returns {boolean} whether there is a skeleton to draw
   */
  #draw(canvas, now) {
    const loop = this.loops.get(canvas.dataset.action ?? "")?.[canvas.dataset.recording ?? ""];
    const context = canvas.getContext("2d");
    if (!loop?.length || !context) return false;
    const points = loop[Math.floor(((now % PERIOD) / PERIOD) * loop.length)];
    const limbs = this.drawing[points.length > 42 ? "person" : "hand"];
    if (!limbs) return false;
    const { width, height } = canvas;
    // Mirrored, as the live picture is.
    const place = (/** @type {number} */ joint) =>
      /** @type {const} */ ([width / 2 - (points[2 * joint] / 1000) * width * 0.9, height / 2 + (points[2 * joint + 1] / 1000) * height * 0.9]);
    context.clearRect(0, 0, width, height);
    context.lineWidth = 2.5;
    context.lineCap = "round";
    for (const [from, to, colour] of limbs.lines) {
      context.strokeStyle = colour;
      context.beginPath();
      context.moveTo(...place(from));
      context.lineTo(...place(to));
      context.stroke();
    }
    return true;
  }
}
