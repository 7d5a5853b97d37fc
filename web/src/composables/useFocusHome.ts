import { onScopeDispose } from 'vue'

/** Where the focus goes when what it should return to is gone; the last one counts. */
const homes: (() => boolean)[] = []

/** While the component is there, `home` takes a focus that has nowhere to return to; it returns whether it could. */
export function useFocusHome(home: () => boolean): void {
  homes.push(home)
  onScopeDispose(() => homes.splice(homes.indexOf(home), 1))
}

/** Give the focus back to `element`; if that is not on the page any more, to the page's home or its heading. */
export function returnFocus(element: Element | null): void {
  if (element instanceof HTMLElement && element !== document.body) {
    element.focus({ preventScroll: true })
    if (document.activeElement === element) return
  }
  if (homes.at(-1)?.()) return
  document.querySelector<HTMLElement>('main h1[tabindex="-1"]')?.focus({ preventScroll: true })
}
