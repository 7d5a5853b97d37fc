/** Runs a function once after a while, however often it is started before that. */
export class Timer {
  readonly #work: () => void
  readonly #ms: number
  #running: ReturnType<typeof setTimeout> | null = null

  constructor(work: () => void, ms: number) {
    this.#work = work
    this.#ms = ms
  }

  start(ms = this.#ms): void {
    this.#running ??= setTimeout(() => {
      this.#running = null
      this.#work()
    }, ms)
  }

  stop(): void {
    if (this.#running !== null) clearTimeout(this.#running)
    this.#running = null
  }
}
