import { ref } from 'vue'

/** A finger that moves less than this is not yet going anywhere, in pixels. */
const SLACK_PX = 10
/** How far to pull for it to count. */
const THRESHOLD_PX = 56
/** Beyond the threshold the row follows more slowly, and no farther than this. */
const FARTHEST_PX = 80
/** Next to the sides of the screen a swipe is the system's own. */
const EDGE_PX = 24
/** A finger that rests this long is pressing, in milliseconds. */
const REST_MS = 350

/** Handlers for pulling a row with a finger towards the end of its writing direction, and letting go. */
export function useSwipe(isEnabled: () => boolean, swiped: () => void) {
  /** How far the row has been pulled to the right, in pixels. */
  const offset = ref(0)
  /** Letting go now counts. */
  const isFar = ref(false)

  let start: { x: number; y: number; time: number; sign: 1 | -1 } | null = null
  let isPulling = false

  function stop(): void {
    start = null
    isPulling = false
    offset.value = 0
    isFar.value = false
  }

  function onPointerdown(event: PointerEvent): void {
    stop()
    const { clientX: x, clientY: y, timeStamp: time } = event
    if (event.pointerType !== 'touch' || !event.isPrimary || !isEnabled()) return
    if (x < EDGE_PX || x > window.innerWidth - EDGE_PX) return
    const isRtl = getComputedStyle(event.currentTarget as Element).direction === 'rtl'
    start = { x, y, time, sign: isRtl ? -1 : 1 }
  }

  function onPointermove(event: PointerEvent): void {
    if (!start || !event.isPrimary) return
    const along = (event.clientX - start.x) * start.sign
    const across = Math.abs(event.clientY - start.y)
    if (!isPulling) {
      if (Math.max(Math.abs(along), across) < SLACK_PX) return
      // It scrolls, goes the other way, or has become a long press.
      if (along < 1.5 * across || event.timeStamp - start.time > REST_MS) return stop()
      isPulling = true
    }
    const pulled = Math.max(0, along - SLACK_PX)
    const shown = pulled < THRESHOLD_PX ? pulled : THRESHOLD_PX + (pulled - THRESHOLD_PX) / 4
    offset.value = start.sign * Math.min(shown, FARTHEST_PX)
    if (pulled >= THRESHOLD_PX && !isFar.value) navigator.vibrate?.(8)
    isFar.value = pulled >= THRESHOLD_PX
  }

  function onPointerup(event: PointerEvent): void {
    if (!event.isPrimary) return
    const counts = isFar.value
    stop()
    if (counts) swiped()
  }

  return {
    offset,
    isFar,
    handlers: { pointerdown: onPointerdown, pointermove: onPointermove, pointerup: onPointerup, pointercancel: stop },
  }
}
