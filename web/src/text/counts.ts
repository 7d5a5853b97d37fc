/** The largest number that is shown in full: nobody reads more than "many" from a pill. */
const MOST = 99

/** Return a number of messages as a pill, a title or an icon shows it: `7`, `99`, `99+`. */
export function shortCount(count: number): string {
  return count > MOST ? `${MOST}+` : String(count)
}
