/** The key code of a key that an input method handles. */
const TAKEN_BY_IME = 229

/** Report whether a key press is part of a composition: the Enter that ends one must not send. */
export function isComposing(event: KeyboardEvent): boolean {
  // Safari ends the composition before the key press that ended it, which only its code then shows.
  return event.isComposing || event.keyCode === TAKEN_BY_IME
}
