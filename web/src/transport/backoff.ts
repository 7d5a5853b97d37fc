/** The first ceiling of the waits, the highest ceiling, and the shortest wait, in milliseconds. */
const FIRST_MS = 3_000
const MOST_MS = 30_000
const LEAST_MS = 500

/**
 * Exponential backoff with full jitter: a random wait below a ceiling that doubles with every try. Clients that lost
 * their server at the same moment return spread over the whole time, not all at once.
 */
export class Backoff {
  #ceiling = FIRST_MS

  /** Return how long to wait now, in milliseconds. */
  next(): number {
    const wait = LEAST_MS + Math.random() * (this.#ceiling - LEAST_MS)
    this.#ceiling = Math.min(this.#ceiling * 2, MOST_MS)
    return wait
  }

  /** Use the highest ceiling from now on. */
  slowDown(): void {
    this.#ceiling = MOST_MS
  }

  /** Start again at the first ceiling: the connection worked. */
  reset(): void {
    this.#ceiling = FIRST_MS
  }
}
