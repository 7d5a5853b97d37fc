/** The first ceiling of a wait, what none exceeds, and the shortest wait, in milliseconds. */
const FIRST_MS = 3_000
const MOST_MS = 30_000
const LEAST_MS = 500

/**
 * Exponential backoff with full jitter: a wait anywhere below a ceiling that doubles with every try. Clients that lost
 * their server in the same moment come back spread over the whole time, not all at once.
 */
export class Backoff {
  #ceiling = FIRST_MS

  /** How long to wait now. */
  next(): number {
    const wait = LEAST_MS + Math.random() * (this.#ceiling - LEAST_MS)
    this.#ceiling = Math.min(this.#ceiling * 2, MOST_MS)
    return wait
  }

  /** Wait as long as it gets from now on. */
  slowDown(): void {
    this.#ceiling = MOST_MS
  }

  /** Begin again: it worked. */
  reset(): void {
    this.#ceiling = FIRST_MS
  }
}
