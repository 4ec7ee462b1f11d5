// @ts-check
// When a picture was taken, on the page's clock.

const SPAN = 5000; // milliseconds, so that a camera whose clock goes wrong by a little is followed

/**
 * Cameras stamp their pictures, each by a clock of its own. The picture that came fastest tells how that clock and the
 * page's lie to each other.
 */
export class CaptureClock {
  before = Infinity; // the smallest difference of the clocks, in the span before this one
  least = Infinity; // and in this one
  since = -Infinity;

  /**
   * When a picture was taken; a little late by what the fastest one needed to come here.
   * @param {number} stamp milliseconds on the camera's clock
   * @param {number} came when it came, in milliseconds on the page's clock
   */
  captured(stamp, came) {
    if (came - this.since > SPAN) [this.before, this.least, this.since] = [this.least, Infinity, came];
    this.least = Math.min(this.least, came - stamp);
    return Math.min(came, stamp + Math.min(this.before, this.least));
  }
}
