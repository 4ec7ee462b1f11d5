// @ts-check
// The last 30 seconds of labels, from answers that each tell only what is shown now and since when.

/** @import { Piece, Seen } from "./types.js" */

export const HISTORY = 30;
const MOST = 200; // stretches, whatever the clock does

export class Past {
  /** @type {{ person: number, since: number, until: number, label: string | null }[]} milliseconds */
  stretches = [];
  now = -Infinity;

  /** @param {Seen} answer */
  seen({ captured, persons }) {
    if (captured < this.now) this.clear(); // the program has begun anew
    this.now = captured;
    for (const { id, label, since } of persons) {
      if (since === null) continue;
      const last = this.stretches.findLast((each) => each.person === id);
      // A stretch that lasts begins where it began, or where the program's 30 seconds do; a new one behind it.
      if (last && (since <= last.since + 1 || since < last.until - 1)) last.until = captured;
      else this.stretches.push({ person: id, since, until: captured, label });
    }
    this.stretches = this.stretches.filter(({ until }) => captured - until < 1000 * HISTORY).slice(-MOST);
  }

  /**
   * What to draw: ages, not times, as "now" is the right end.
   * @returns {Piece[]}
   */
  get pieces() {
    return this.stretches.map(({ person, since, until, label }) => [
      person, (this.now - since) / 1000, (this.now - until) / 1000, label,
    ]);
  }

  clear() {
    this.stretches = [];
    this.now = -Infinity;
  }
}
