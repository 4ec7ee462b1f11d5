// @ts-check
// What the network looks at, beside the live picture: a panel for each person, while it is switched on.

import { HeatPanel } from "./heat.js";

/** @import { Part, Seen, Told } from "./types.js" */

/** @implements {Part} */
export class Looking {
  /** @type {Map<number, HeatPanel>} by person */
  panels = new Map();
  wanted = false;
  name = "Person";
  /** @type {string[]} CSS colours, by person */
  colours = [];

  /**
   * @param {HTMLElement} box
   * @param {HTMLElement} empty what is shown there while there is nothing else
   */
  constructor(box, empty) {
    this.box = box;
    this.empty = empty;
  }

  /** @param {boolean} wanted whether it has its place in the page */
  want(wanted) {
    this.wanted = wanted;
    this.box.hidden = !wanted;
    if (!wanted) this.clear();
  }

  /**
   * Only answers that bring a new label tell what the network looked at; the others change nothing.
   * @param {Seen} answer
   */
  seen({ persons, attention = [] }) {
    if (!this.wanted) return;
    for (const panel of attention) {
      const { person } = panel;
      let shown = this.panels.get(person);
      if (!shown) {
        shown = new HeatPanel(this.box, `${this.name} ${person + 1}`, this.colours[person % this.colours.length]);
        this.panels.set(person, shown);
      }
      shown.show(panel);
    }
    // Without a label there is nothing that anyone looked at for it.
    this.#keep(persons.filter(({ top }) => top.length).map(({ id }) => id));
  }

  /** @param {Told} message */
  told(message) {
    if (message.type !== "ready") return;
    this.name = message.subject === "hand" ? "Hand" : "Person";
    this.clear(); // other weights may look at other joints
  }

  clear() {
    this.#keep([]);
  }

  /** @param {number[]} ids of the people whose panels stay */
  #keep(ids) {
    for (const [id, panel] of this.panels) {
      if (ids.includes(id)) continue;
      panel.remove();
      this.panels.delete(id);
    }
    this.empty.hidden = this.panels.size > 0;
  }
}
