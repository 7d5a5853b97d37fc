/** How long the server may take to say hello, and to answer when there is reason to doubt the line, in milliseconds. */
const OPENING_MS = 15_000
const PROBE_MS = 5_000

type Timer = ReturnType<typeof setTimeout>

/** Tells a dead line from a quiet one. It begins with patience for the hello; {@link start} then keeps pinging. */
export class Heartbeat {
  readonly #ping: () => void
  readonly #dead: () => void
  #everyMs: number | null = null
  #beat: Timer | undefined
  #patience: Timer | undefined
  #unanswered = 0

  /**
   * @param ping sends a ping.
   * @param dead is called when the line is dead.
   */
  constructor(ping: () => void, dead: () => void) {
    this.#ping = ping
    this.#dead = dead
    this.#patience = setTimeout(dead, OPENING_MS)
  }

  /** Ping every so often; twice that in silence is a dead line. */
  start(everyMs: number): void {
    this.#everyMs = everyMs
    this.#beat = setInterval(() => this.#askForLife(), everyMs)
    this.heard()
  }

  /** Something came: the line is alive. */
  heard(): void {
    if (this.#everyMs === null) return
    this.#unanswered = 0
    this.#expect(() => this.#silent(), 2 * this.#everyMs)
  }

  /** Find out now: the machine has slept, or the network has changed. */
  probe(): void {
    if (this.#everyMs === null) return
    this.#askForLife()
    this.#expect(this.#dead, PROBE_MS)
  }

  /** Leave no timer behind. */
  stop(): void {
    clearInterval(this.#beat)
    clearTimeout(this.#patience)
  }

  #silent(): void {
    // The timers of a hidden tab run late: pings that had no time to be answered prove nothing.
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
