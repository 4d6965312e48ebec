// How far a run is by now, between two times that it is told: from the speed that was measured last, and never in a leap.
// Stands before lab/ui/channel.js, which draws it.

const stillness = matchMedia("(prefers-reduced-motion: reduce)");

const motion = {
  moves: null,  // what was measured last
  at: 0,  // when that was
  state: null,
  shown: 0,  // batches since the run's beginning
  speed: 0,  // images a second, as shown
  drawn: 0,  // when it was drawn last

  reset() {
    Object.assign(this, { moves: null, at: seconds(), state: null, shown: 0, speed: 0 });
  },

  measure(moves, state) {
    if (moves === null) {
      this.reset();
      return;
    }
    const first = this.moves === null;
    this.at = seconds() - moves.age;
    this.moves = moves;
    this.state = state;
    if (first) {
      this.shown = this.expected(seconds());
      this.speed = moves.images ?? 0;
    }
  },

  measured() {
    return (this.moves.epoch - 1) * this.moves.batches + this.moves.batch;
  },

  // Seconds that it has trained since: a pause is none of them.
  passed(now) {
    return this.moves.paused ? this.moves.age : now - this.at;
  },

  goesOn() {
    return this.state?.startsWith("running") && !this.moves.paused && !this.moves.testing && this.moves.rate;
  },

  // Where it is by now: as far as it would be at the speed that was measured last, within this epoch.
  expected(now) {
    const { rate, epoch, batches, testing } = this.moves;
    if (testing || !rate) return this.measured();
    const ahead = Math.min(rate * this.passed(now), Math.max(rate, batches / 7));
    return Math.min(this.measured() + ahead, epoch * batches);
  },

  // Never back where training only took longer than it seemed to, and still only where it is far ahead of it or paused.
  step(now) {
    const { rate, batches, epoch } = this.moves;
    const passed = Math.min(0.5, now - this.drawn);
    const ahead = this.shown - this.expected(now);
    this.drawn = now;
    this.speed += ((this.moves.images ?? 0) - this.speed) * Math.min(1, 2 * passed);
    if (this.moves.paused && 0 <= ahead && ahead <= batches / 4) return;
    if (!this.goesOn() || stillness.matches || Math.abs(ahead) > batches / 4) {
      this.shown -= ahead;
      return;
    }
    const pace = Math.min(2, Math.max(ahead < batches / 10 ? 0.3 : 0, 1 - ahead / rate));
    this.shown = Math.min(Math.max(this.shown + pace * rate * passed, (epoch - 1) * batches), epoch * batches);
  },
};
