// @ts-check
// Where landmarks are now, from where they were: each moves on at its own speed for the time that it is late.

/** Milliseconds for which a landmark moves on, at most: nobody keeps a speed for longer. */
const LONGEST = 120;
/** Body sizes by which it moves on, at most: what seems faster has mostly jumped. */
const FARTHEST = 0.3;
/** Milliseconds between two sightings after which nothing is known of the speed. */
const GAP = 350;
// The speed is smoothed as the One-Euro filter smoothes (Casiez et al. 2012): what is slow, and so mostly noise,
// with a low cut-off, what is fast with a high one that hardly lags.
const CUT_OFF = 1; // Hz, at rest
const BETA = 2; // Hz more for each body size a second

export class Motion {
  /** @type {number | undefined} milliseconds of the newest sighting */
  time;
  /** @type {Float64Array} x and y in turn */
  points = new Float64Array(0);
  /** @type {Float64Array} a millisecond, smoothed */
  speed = new Float64Array(0);
  size = 0;

  /**
   * Takes the landmarks of a picture.
   * @param {number} time at which it was taken, in milliseconds
   * @param {ArrayLike<number>} points x and y of each in turn, in any unit that is the same along both
   * @param {number} size of the body in that unit
   */
  see(time, points, size) {
    const elapsed = this.time === undefined ? Infinity : time - this.time;
    const known = elapsed > 0 && elapsed <= GAP && points.length === this.points.length;
    const speed = new Float64Array(points.length);
    if (known) {
      for (let i = 0; i < points.length; i += 2) {
        const across = (points[i] - this.points[i]) / elapsed;
        const down = (points[i + 1] - this.points[i + 1]) / elapsed;
        const sizes = (1000 * Math.hypot(across, down)) / Math.max(size, 1e-6);
        const share = 1 - Math.exp(-2 * Math.PI * (CUT_OFF + BETA * sizes) * (elapsed / 1000));
        speed[i] = this.speed[i] + share * (across - this.speed[i]);
        speed[i + 1] = this.speed[i + 1] + share * (down - this.speed[i + 1]);
      }
    }
    this.time = time;
    this.points = Float64Array.from(points);
    this.speed = speed;
    this.size = size;
  }

  /**
   * The landmarks at another time.
   * @param {number} time milliseconds; before the newest sighting, and long after it, they stand still
   */
  at(time) {
    const late = Math.min(Math.max(time - (this.time ?? time), 0), LONGEST);
    return this.points.map((place, i) => {
      const far = late * Math.hypot(this.speed[i], this.speed[i ^ 1]); // with its other coordinate
      return place + this.speed[i] * late * Math.min(1, (FARTHEST * this.size) / (far || 1));
    });
  }
}
