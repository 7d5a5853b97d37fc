/** How long the server may take to say hello, and to answer a probe, in milliseconds. */
const OPENING_MS = 15_000
const PROBE_MS = 5_000

type Timer = ReturnType<typeof setTimeout>

/** Tells a dead connection from a quiet one. It first waits for the hello; {@link start} then keeps pinging. */
export class Heartbeat {
  readonly #ping: () => void
  readonly #dead: () => void
  #everyMs: number | null = null
  #beat: Timer | undefined
  #patience: Timer | undefined
  #unanswered = 0

  /**
   * @param ping sends a ping.
   * @param dead is called when the connection is dead.
   */
  constructor(ping: () => void, dead: () => void) {
    this.#ping = ping
    this.#dead = dead
    this.#patience = setTimeout(dead, OPENING_MS)
  }

  /** Ping every `everyMs` milliseconds. Silence for twice as long is a dead connection. */
  start(everyMs: number): void {
    this.#everyMs = everyMs
    this.#beat = setInterval(() => this.#askForLife(), everyMs)
    this.heard()
  }

  /** Something arrived: the connection is alive. */
  heard(): void {
    if (this.#everyMs === null) return
    this.#unanswered = 0
    this.#expect(() => this.#silent(), 2 * this.#everyMs)
  }

  /** Ping now: the machine has slept, or the network has changed. */
  probe(): void {
    if (this.#everyMs === null) return
    this.#askForLife()
    this.#expect(this.#dead, PROBE_MS)
  }

  /** Stop all timers. */
  stop(): void {
    clearInterval(this.#beat)
    clearTimeout(this.#patience)
  }

  #silent(): void {
    // The timers of a hidden tab run late, so the pings may have had no time to be answered.
    if (this.#unanswered < 2) this.probe()
    else this.#dead()
  }

  #askForLife(): void {
    this.#unanswered += 1
    this.#ping()
  }

  #expect(then: () => void, ms: number): void {
    clearTimeout(this.#patience)
    this.#patience = setTimeout(then, ms)
  }
}
