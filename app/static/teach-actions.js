// @ts-check
// The list of what was taught: each action with what can be done to it, and its recordings.

import { readable } from "./people.js";
import { Loops } from "./teach-loops.js";

/** @import { Seen, Taught, Teaching } from "./types.js" */

export class Actions {
  /** @type {Set<string>} actions whose recordings are shown */
  open = new Set();

  /**
   * @param {HTMLElement} list
   * @param {(order: Teaching) => void} ask
   * @param {(action: string) => void} again one more recording is wanted
   */
  constructor(list, ask, again) {
    this.list = list;
    this.ask = ask;
    this.again = again;
    this.loops = new Loops(list);
  }

  /** @param {Seen["persons"]} persons */
  score(persons) {
    const top = new Map(persons[0]?.top ?? []);
    for (const bar of this.list.querySelectorAll("meter")) {
      bar.value = top.get(bar.dataset.action ?? "") ?? 0;
    }
  }

  /** @param {Taught["actions"]} actions */
  show(actions) {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
    this.list.replaceChildren(...actions.map((action) => this.#action(action)));
    if (focused) /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus();
    for (const { name, recordings } of actions) {
      if (this.open.has(name) && recordings.some((each) => !this.loops.has(name, each.name))) this.#unfold(name);
    }
    this.loops.animate();
  }

  /** Another collection is shown. */
  clear() {
    this.open.clear();
    this.loops.clear();
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
    const more = button("Again", `more/${name}`, `Show ${name} once more`, () => this.again(name));
    const rename = button("Rename", `rename/${name}`, `Rename ${name}`, () => this.#rename(name, head));
    const sides = button(both_sides ? "Either side" : "This side only", `sides/${name}`,
      `${name}: the other hand ${both_sides ? "counts too" : "does not count"}; press to change`, () =>
        this.ask({ type: "teach-sides", action: name, both_sides: !both_sides }));
    const remove = button("Delete", `delete/${name}`, `Delete ${name} with all its recordings`, () =>
      this.ask({ type: "teach-delete", action: name }));
    head.append(title, bar, more, sides, rename, remove);
    const said = document.createElement("ul");
    said.className = "p2a-teach-hints";
    said.append(...hints.map((hint) => Object.assign(document.createElement("li"), { textContent: hint })));
    const details = document.createElement("details");
    details.open = this.open.has(name);
    details.addEventListener("toggle", () => {
      if (details.open === this.open.has(name)) return;
      if (details.open) this.#unfold(name);
      else this.open.delete(name);
    });
    const summary = document.createElement("summary");
    summary.textContent = recordings.length === 1 ? "1 recording" : `${recordings.length} recordings`;
    const cells = document.createElement("ol");
    cells.append(...recordings.map((recording, index) => this.#recording(name, recording, index + 1)));
    details.append(summary, cells);
    item.append(head, said, details);
    return item;
  }

  /** @param {string} action whose recordings are wanted */
  #unfold(action) {
    this.open.add(action);
    this.ask({ type: "teach-show", action });
  }

  /**
   * @param {string} action
   * @param {Taught["actions"][number]["recordings"][number]} recording
   * @param {number} number
   */
  #recording(action, { name, seconds, fit, odd, video }, number) {
    const cell = document.createElement("li");
    const canvas = this.loops.canvas(action, name);
    canvas.setAttribute("aria-label", `Recording ${number} of ${action}, ${seconds} seconds`);
    const about = document.createElement("span");
    about.textContent = odd
      ? "does not look like the others"
      : fit === null ? `${seconds} s` : `${Math.round(100 * fit)} % like the others`;
    cell.classList.toggle("p2a-odd", odd);
    const away = button("Delete", `delete/${action}/${name}`, `Delete recording ${number} of ${action}`, () =>
      this.ask({ type: "teach-delete", action, recording: name }));
    cell.append(canvas, about, ...(video ? [camera()] : []), away);
    return cell;
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
      this.ask({ type: "teach-rename", action: name, to });
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
}

/** Tells that a recording's pictures were kept. */
function camera() {
  return Object.assign(document.createElement("span"), { textContent: "with video" });
}

/**
 * @param {string} text
 * @param {string} key that stays when the list is made anew
 * @param {string} label for who does not see it
 * @param {() => void} act
 */
function button(text, key, label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.dataset.key = key;
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}
