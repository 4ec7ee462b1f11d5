// @ts-check
// How fast everything is: pictures, poses and labels a second, and how old the skeleton is when it is drawn.

const SPAN = 2000; // milliseconds that are looked back
const EVERY = 500;

/** @param {number[]} values */
export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Events a second over the last two seconds. */
export class Rate {
  /** @type {number[]} */
  times = [];

  /** @param {number} now */
  add(now) {
    this.times.push(now);
    this.#forget(now);
  }

  /**
   * @param {number} now
   * @returns {number} NaN until there is something to tell
   */
  at(now) {
    this.#forget(now);
    return this.times.length > 1 ? ((this.times.length - 1) * 1000) / (now - this.times[0]) : NaN;
  }

  /** @param {number} now */
  #forget(now) {
    while (this.times.length && this.times[0] < now - SPAN) this.times.shift();
  }
}

export class Meters {
  pictures = new Rate();
  poses = new Rate();
  labels = new Rate();
  /** @type {{ at: number, age: number }[]} */
  ages = [];
  end = -Infinity; // of the newest labels' windows
  writtenAt = -Infinity;

  /** @param {Record<"pictures" | "poses" | "age" | "labels", HTMLElement>} boxes */
  constructor(boxes) {
    this.boxes = boxes;
  }

  picture() {
    const now = performance.now();
    this.pictures.add(now);
    if (now - this.writtenAt >= EVERY) this.#tell(now);
  }

  /** @param {import("./types.js").Seen} answer */
  seen({ captured, label_age_ms }) {
    const now = performance.now();
    this.poses.add(now);
    const end = captured - label_age_ms;
    if (label_age_ms && end > this.end + 1) this.labels.add(now);
    if (label_age_ms) this.end = end;
  }

  /**
   * @param {number} at
   * @param {number} age milliseconds
   */
  drawn(at, age) {
    this.ages.push({ at, age });
    while (this.ages[0].at < at - SPAN) this.ages.shift();
  }

  clear() {
    for (const rate of [this.pictures, this.poses, this.labels]) rate.times = [];
    this.ages = [];
    this.end = this.writtenAt = -Infinity;
    for (const box of Object.values(this.boxes)) box.textContent = "–";
  }

  /** @param {number} now */
  #tell(now) {
    this.writtenAt = now;
    /** @type {(value: number, digits: number) => string} */
    const written = (value, digits) => (Number.isNaN(value) ? "–" : value.toFixed(digits));
    this.boxes.pictures.textContent = written(this.pictures.at(now), 0);
    this.boxes.poses.textContent = written(this.poses.at(now), 0);
    this.boxes.labels.textContent = written(this.labels.at(now), 1);
    const ages = this.ages.filter(({ at }) => at >= now - SPAN).map(({ age }) => age);
    this.boxes.age.textContent = ages.length ? `${median(ages).toFixed(0)} ms` : "–";
  }
}
