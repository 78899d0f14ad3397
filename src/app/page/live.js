// Live: follows a study's log, and says now and then that there is something new.

const kAgain_ms = 2000, kLeast_ms = 1000, kShare = 6;  // a refresh that took long is not made again soon

export class Live {
  /**
   * `take(event)` hears every event from `from` on; `refresh()` is awaited after events, at most once a second, and more
   * rarely where it takes long. `say(state)`: "live", "lost" or "gone".
   */
  constructor(study, from, {take, refresh, say}) {
    Object.assign(this, {study, from, take, refresh, say});
    this.aborter = new AbortController();
    this.dirty = false;
    this.busy = false;
    this.notBefore = 0;
    this.seen = () => { if (!document.hidden) this.#plan(); };
    document.addEventListener("visibilitychange", this.seen);
    this.#run();
  }

  close() {
    this.aborter.abort();
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.seen);
  }

  async #run() {
    let wasLost = false;
    while (!this.aborter.signal.aborted) {
      try {
        this.say(wasLost ? "lost" : "live");
        await this.study.follow(this.from, event => {
          if (wasLost) { wasLost = false; this.say("live"); }
          this.from = event.index + 1;
          this.take(event);
          this.#touch();
        }, this.aborter.signal);
      } catch (error) {
        if (this.aborter.signal.aborted) return;
        if ([400, 401, 403, 404].includes(error.status)) return this.say("gone");
      }
      if (this.aborter.signal.aborted) return;
      wasLost = true;
      this.say("lost");
      await new Promise(done => setTimeout(done, kAgain_ms));
      wasLost = !await this.#answers();
    }
  }

  async #answers() {
    try {
      await this.study.get("overview");
      this.#touch();
      return true;
    } catch { return false; }
  }

  #touch() { this.dirty = true; this.#plan(); }

  #plan() {
    if (!this.dirty || this.busy || this.timer || document.hidden) return;
    this.timer = setTimeout(() => { this.timer = null; this.#now(); }, Math.max(60, this.notBefore - performance.now()));
  }

  async #now() {
    this.dirty = false;
    this.busy = true;
    const start = performance.now();
    try { await this.refresh(); } catch (error) { if (error.status !== 0) console.warn(error.message); }
    this.notBefore = start + Math.max(kLeast_ms, kShare * (performance.now() - start));
    this.busy = false;
    this.#plan();
  }
}
