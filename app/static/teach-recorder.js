// @ts-check
// When a recording begins and ends: after a countdown, or while a button is held.

const COUNT = 3; // seconds before a recording
const LATE = 3000; // milliseconds for which the program's answers to the last frames are waited for

export class Recorder {
  /** @type {"idle" | "counting" | "recording" | "sending"} */
  phase = "idle";
  latest = -Infinity; // capture time of the newest answer
  began = 0;
  /** @type {number | undefined} */
  timer;

  /**
   * @param {HTMLElement} counter says how many seconds are left
   * @param {() => void} changed there is another phase
   * @param {(since: number, until: number) => void} send asks the program to keep what was done between these times
   */
  constructor(counter, changed, send) {
    this.counter = counter;
    this.changed = changed;
    this.send = send;
  }

  /** @param {number} seconds of the recording that follows the countdown, unless it is ended sooner */
  count(seconds) {
    const step = (/** @type {number} */ left) => {
      if (left) {
        this.counter.textContent = String(left);
        this.timer = setTimeout(() => step(left - 1), 1000);
        return;
      }
      this.begin();
      this.timer = setTimeout(() => this.end(), 1000 * seconds);
    };
    this.#enter("counting");
    step(COUNT);
  }

  begin() {
    this.began = performance.now();
    this.#enter("recording", "Now!");
  }

  end() {
    if (this.phase !== "recording") return;
    clearTimeout(this.timer); // it would end the next one, where this one was ended sooner
    const until = performance.now();
    this.#enter("sending", "…");
    const wait = () => {
      if (this.phase !== "sending") return;
      // What was done last is still under way to the program.
      if (this.latest < until && performance.now() - until < LATE) this.timer = setTimeout(wait, 50);
      else this.send(this.began, until);
    };
    wait();
  }

  /** Gives up what is under way, or is done with it. */
  rest() {
    clearTimeout(this.timer);
    this.#enter("idle");
  }

  /**
   * @param {Recorder["phase"]} phase
   * @param {string} told
   */
  #enter(phase, told = "") {
    this.phase = phase;
    this.counter.textContent = told;
    this.changed();
  }
}
