// @ts-check
// What the people in the picture do: the big label, the bars of the best five, the last 30 seconds.

import { HISTORY, Past } from "./past.js";

/** @import { Part, Person, Piece, Seen, Told } from "./types.js" */

/** @param {string} label */
export const readable = (label) => label.replaceAll("_", " ");
/** @param {number} score */
export const percent = (score) => `${Math.round(100 * score)} %`;

/**
 * Where a piece of the last 30 seconds lies on its strip, in percent of it: its left edge and its width.
 * @param {number} from age of its start
 * @param {number} to age of its end
 * @returns {[number, number]}
 */
export function onStrip(from, to) {
  const start = Math.min(from, HISTORY);
  return [100 * (1 - start / HISTORY), (100 * Math.max(start - to, 0)) / HISTORY];
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {HTMLElement} parent
 */
function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

/**
 * Sets text only when it changes: screen readers then speak changes only.
 * @param {HTMLElement} node
 * @param {string} text
 */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

class PersonCard {
  /**
   * @param {HTMLElement} parent
   * @param {number} id
   * @param {string} colour
   * @param {string} name
   */
  constructor(parent, id, colour, name) {
    this.root = element("article", "p2a-person", parent);
    this.root.style.setProperty("--person", colour);
    this.root.dataset.person = String(id);
    setText(element("p", "p2a-who", this.root), `${name} ${id + 1}`);
    this.action = element("p", "p2a-action", this.root);
    this.action.setAttribute("role", "status");
    this.count = element("p", "p2a-count", this.root);
    this.bars = element("ol", "p2a-bars", this.root);
    this.bars.setAttribute("aria-label", `Most likely actions of ${name.toLowerCase()} ${id + 1}`);
    /** @type {Record<"root" | "name" | "score" | "fill", HTMLElement>[]} */
    this.rows = [];
    this.shown = "";
  }

  /**
   * @param {Person} person
   * @param {number} warming seconds that the first label still needs
   */
  show(person, warming) {
    const { label, top, count, per_minute } = person;
    const news = JSON.stringify([label, top, count, per_minute, Math.ceil(warming), warming > 0.1]);
    if (news === this.shown) return; // of three answers two bring no new label
    this.shown = news;
    const waiting = !person.top.length;
    this.root.dataset.known = person.label ? "yes" : waiting ? "waiting" : "no";
    const wait = warming > 0.1 ? `watching … ${Math.ceil(warming)} s` : "watching …";
    setText(this.action, person.label ? readable(person.label) : waiting ? wait : "no action I know");
    const tempo = person.per_minute === null ? "" : `, ${Math.round(person.per_minute)} a minute`;
    setText(this.count, person.count ? `${person.count} times${tempo}` : "");
    while (this.rows.length < person.top.length) this.#addRow();
    this.rows.forEach((row, rank) => {
      const [name, score] = person.top[rank] ?? ["", 0];
      setText(row.name, readable(name));
      setText(row.score, name && percent(score));
      row.fill.style.transform = `scaleX(${score.toFixed(3)})`;
      row.root.classList.toggle("p2a-current", name !== "" && name === person.label);
    });
  }

  #addRow() {
    const root = element("li", "p2a-bar", this.bars);
    const name = element("span", "p2a-bar-name", root);
    const score = element("span", "p2a-bar-score", root);
    const fill = element("span", "p2a-bar-fill", element("span", "p2a-bar-track", root));
    this.rows.push({ root, name, score, fill });
  }
}

class Strip {
  /**
   * @param {HTMLElement} parent
   * @param {number} id
   * @param {string} colour
   * @param {string} name
   */
  constructor(parent, id, colour, name) {
    this.root = element("div", "p2a-strip", parent);
    this.root.style.setProperty("--person", colour);
    this.root.setAttribute("role", "img");
    this.who = `${name} ${id + 1}`;
  }

  /** @param {Piece[]} pieces */
  show(pieces) {
    const spans = pieces.map(([, from, to, label]) => {
      const span = document.createElement("span");
      const [left, width] = onStrip(from, to);
      span.className = label === null ? "p2a-none" : label.startsWith("idle") ? "p2a-idle" : "";
      span.style.left = `${left}%`;
      span.style.width = `${width}%`;
      span.textContent = label === null ? "" : readable(label);
      span.title = label === null ? "no action I know" : `${readable(label)}, ${(from - to).toFixed(1)} s`;
      return span;
    });
    this.root.replaceChildren(...spans);
    const said = pieces.flatMap(([, , , label]) => (label === null ? [] : [readable(label)]));
    this.root.setAttribute("aria-label", `${this.who}, last 30 seconds: ${said.join(", ") || "no action"}`);
  }
}

/** @implements {Part} */
export class People {
  past = new Past();

  /**
   * @param {HTMLElement} cards where the people's labels go
   * @param {HTMLElement} strips where their last 30 seconds go
   * @param {HTMLElement} empty what is shown while there is nobody
   */
  constructor(cards, strips, empty) {
    this.cardBox = cards;
    this.stripBox = strips;
    this.emptyBox = empty;
    /** @type {string[]} CSS colours, by person */
    this.colours = [];
    this.name = "Person";
    /** @type {Map<number, PersonCard>} */
    this.cards = new Map();
    /** @type {Map<number, Strip>} */
    this.strips = new Map();
    this.stripsDrawn = 0;
    this.clear();
  }

  /** @param {Told} message */
  told(message) {
    if (message.type !== "ready") return;
    const name = message.subject === "hand" ? "Hand" : "Person";
    if (name === this.name) return;
    this.name = name;
    this.clear();
  }

  clear() {
    this.cards.clear();
    this.strips.clear();
    this.cardBox.replaceChildren();
    this.stripBox.replaceChildren();
    this.stripsDrawn = 0;
    this.past.clear();
    this.#nobody("Actions appear here.");
  }

  /** Nobody is seen just now; what they did stays. */
  gone() {
    this.#keep(this.cards, [], PersonCard, this.cardBox);
    this.#nobody(`No ${this.name.toLowerCase()} in the picture yet.`);
  }

  /** @param {string} sentence "" where there is somebody */
  #nobody(sentence) {
    setText(this.emptyBox, sentence);
    this.emptyBox.hidden = !sentence;
  }

  /** @param {Seen} answer */
  seen(answer) {
    const { persons, warming } = answer;
    this.past.seen(answer);
    this.#nobody(persons.length ? "" : `No ${this.name.toLowerCase()} in the picture yet.`);
    this.#keep(this.cards, persons.map(({ id }) => id), PersonCard, this.cardBox);
    for (const person of persons) this.cards.get(person.id)?.show(person, warming);
    const now = performance.now();
    if (now - this.stripsDrawn < 200) return; // five times a second is smooth enough for a strip of 30 s
    this.stripsDrawn = now;
    const history = this.past.pieces;
    this.#keep(this.strips, [...new Set(history.map(([id]) => id))].sort((a, b) => a - b), Strip, this.stripBox);
    for (const [id, strip] of this.strips) strip.show(history.filter(([person]) => person === id));
  }

  /**
   * Takes away those of whom there is nothing any more and makes those who are new.
   * @template {{root: HTMLElement}} Shown
   * @param {Map<number, Shown>} shown
   * @param {number[]} ids
   * @param {new (box: HTMLElement, id: number, colour: string, name: string) => Shown} Kind
   * @param {HTMLElement} box
   */
  #keep(shown, ids, Kind, box) {
    for (const [id, each] of shown) {
      if (!ids.includes(id)) {
        each.root.remove();
        shown.delete(id);
      }
    }
    for (const id of ids) {
      if (!shown.has(id)) shown.set(id, new Kind(box, id, this.colours[id % this.colours.length], this.name));
    }
    // By number, also where somebody comes back before whom another has come.
    const order = [...shown].sort(([a], [b]) => a - b).map(([, { root }]) => root);
    if (order.some((root, place) => box.children[place] !== root)) box.append(...order);
  }
}
