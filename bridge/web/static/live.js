// The live connection: has the page refreshed when something has changed, notices when the box is
// gone, and comes back.

import { Offline, Problem, call } from "./api.js";
import { setup } from "./setup.js";

const PAUSES_MS = [500, 1000, 2000, 4000, 8000];
const LOOK_MS = 25_000; // a dead network says nothing: somebody has to ask

/** Keeps one event stream open. `refresh(kinds)` brings the page up to date: `kinds` is the set of
 *  events that came, or null when anything may have changed. `state(online, first)` is told when
 *  the connection comes and goes. */
export class Live {
  constructor({ refresh, state }) {
    this.refresh = refresh;
    this.state = state;
    this.online = null;
    this.seq = setup.seq;
    this.tries = 0;
    this.source = null;
    this.timer = null;
    this.wanted = null; // what the next refresh is for
    this.refreshing = null;
    addEventListener("offline", () => this.lost());
    addEventListener("online", () => this.now());
    addEventListener("pagehide", () => this.source?.close());
    addEventListener("pageshow", (event) => event.persisted && this.now());
    document.addEventListener("visibilitychange", () => this.look());
    setInterval(() => this.look(), LOOK_MS);
    this.connect();
  }

  connect() {
    clearTimeout(this.timer);
    this.source?.close();
    const source = new EventSource(`/v1/events?after=${this.seq}`);
    this.source = source;
    source.onopen = () => {
      this.tries = 0;
      this.set(true);
      this.soon();
    };
    source.onerror = () => source === this.source && this.lost();
    for (const kind of [...setup.kinds, "health"]) {
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) this.seq = Number(event.lastEventId);
        this.soon(kind);
      });
    }
    // The journal is not the one this page knows: a backup was restored.
    source.addEventListener("reset", (event) => {
      this.seq = Number(event.lastEventId);
      this.soon();
    });
  }

  /** Refreshes once for many events: while one refresh runs, one more is kept ready. */
  soon(kind) {
    if (kind === undefined) this.wanted = { kinds: null };
    else if (this.wanted === null) this.wanted = { kinds: new Set([kind]) };
    else this.wanted.kinds?.add(kind);
    this.refreshing ??= this.drain();
    return this.refreshing;
  }

  async drain() {
    try {
      while (this.wanted !== null) {
        const { kinds } = this.wanted;
        this.wanted = null;
        await this.refresh(kinds);
      }
    } catch (error) {
      this.wanted = null;
      if (error instanceof Offline) this.lost();
      else if (!(error instanceof Problem)) throw error;
    } finally {
      this.refreshing = null;
    }
  }

  /** Tries again at once. */
  now() {
    this.tries = 0;
    this.connect();
  }

  /** Asks the box whether it is there; that also tells it that somebody is at the page. */
  look() {
    if (!document.hidden && this.online) this.soon();
  }

  lost() {
    this.source?.close();
    this.source = null;
    this.set(false);
    clearTimeout(this.timer);
    const pause = PAUSES_MS[Math.min(this.tries++, PAUSES_MS.length - 1)];
    this.timer = setTimeout(() => this.again(), pause / 2 + (Math.random() * pause) / 2);
  }

  /** An event stream does not say why it ended: ask first, so that an ended session is noticed. */
  async again() {
    try {
      await call("GET", "/strip?away");
    } catch (error) {
      if (!(error instanceof Problem)) {
        this.lost();
        return;
      }
    }
    this.connect();
  }

  set(online) {
    if (this.online === online) return;
    const first = this.online === null;
    this.online = online;
    this.state(online, first);
  }
}
