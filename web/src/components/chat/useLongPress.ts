import { onScopeDispose } from 'vue'

/** Long enough not to be a tap, short enough not to be a wait, in milliseconds. */
const HOLD_MS = 450
/** A finger that moves farther than this is scrolling, in pixels. */
const SLACK_PX = 10

/** Handlers for a long press. The click that ends it is suppressed. */
export function useLongPress(held: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let start = { x: 0, y: 0 }
  let swallow = false

  function cancel(): void {
    clearTimeout(timer)
    timer = undefined
  }

  onScopeDispose(cancel)

  return {
    pointerdown(event: PointerEvent): void {
      swallow = false
      if (event.pointerType !== 'touch' || !event.isPrimary) return cancel()
      start = { x: event.clientX, y: event.clientY }
      cancel()
      timer = setTimeout(() => {
        timer = undefined
        swallow = true
        navigator.vibrate?.(8)
        held()
      }, HOLD_MS)
    },
    pointermove(event: PointerEvent): void {
      if (timer !== undefined && Math.hypot(event.clientX - start.x, event.clientY - start.y) > SLACK_PX) cancel()
    },
    pointerup: cancel,
    pointercancel: cancel,
    /** The click and the change of focus that end a press would close what has just opened. */
    touchend(event: Event): void {
      if (!swallow || !event.cancelable) return
      swallow = false
      event.preventDefault()
    },
    contextmenu(event: Event): void {
      if (timer !== undefined || swallow) event.preventDefault()
    },
    clickCapture(event: Event): void {
      if (!swallow) return
      swallow = false
      event.preventDefault()
      event.stopPropagation()
    },
  }
}
