import { nextTick, onScopeDispose, ref, type Ref, type ShallowRef, shallowRef } from 'vue'

import type { VirtualizerHandle } from 'virtua/vue'

/** Closer to the end than this counts as at the end, in pixels. */
const AT_END_PX = 32
/** The list is shown when nothing in it has moved for the first of these, or after the second at the latest. */
const QUIET_MS = 50
const PATIENCE_MS = 600

/** How long a row that changes its height is kept where it is, in milliseconds: the list may learn of it late. */
const PINNED_MS = 500

/** A message that has not been seen is placed this far below the upper edge, so that what precedes it is in view. */
const ABOVE_UNSEEN_PX = 96

/** The part of a low log that this takes instead. */
const ABOVE_UNSEEN_PART = 1 / 12

/** A position in the log: its end, or a row by its index. */
export type Place = 'end' | { index: number; align: 'start' | 'center'; offset?: number }

export type Edge = 'top' | 'bottom'

/**
 * Where the reader is in the log. A reader at the end stays there, whatever arrives; for others nothing moves.
 *
 * @param list the virtual list, once it exists.
 * @param scroller the element that scrolls.
 * @param goesOn returns whether there is more history beyond the end.
 * @param indexOfUnseen returns the row of a message that the reader has not seen; -1 if it was seen or is not there.
 */
export function useLogScroll(
  list: Readonly<ShallowRef<VirtualizerHandle | null>>,
  scroller: Readonly<ShallowRef<HTMLElement | null>>,
  goesOn: () => boolean,
  indexOfUnseen: (messageId: number) => number,
) {
  const atEnd = ref(true)
  /** The distance to the end, in pixels. */
  const distance = ref(0)
  /** The rows on the screen. */
  const seen = shallowRef({ first: 0, last: -1 })
  const isSettled = ref(false)

  /** A row that changes its height, and the edge of it that stays at a height of the window. */
  let pinned: { element: HTMLElement; edge: Edge; at: number; release: AbortController } | null = null
  /** The message beyond which a reader at the end is not taken, as long as they have not seen it. */
  let limit: number | null = null
  let lastOffset = 0
  let quiet: ReturnType<typeof setTimeout> | undefined
  let patience: ReturnType<typeof setTimeout> | undefined

  function measure(): void {
    const handle = list.value
    if (!handle || handle.viewportSize === 0) return
    const offset = handle.scrollOffset
    distance.value = distanceToEnd()
    seen.value = { first: handle.findItemIndex(offset + 1), last: lastSeen(handle, offset + handle.viewportSize) }
  }

  /** Measured at the element: when its height changes, it scrolls before the list hears of its size. */
  function distanceToEnd(): number {
    const { scrollHeight = 0, clientHeight = 0, scrollTop = 0 } = scroller.value ?? {}
    return Math.max(0, scrollHeight - clientHeight - scrollTop)
  }

  function onScroll(offset: number): void {
    pin()
    measure()
    // Rows that grow push the end away although the reader has not moved: only scrolling up leaves the end.
    if (distance.value <= AT_END_PX) {
      // Before it is settled, the end may only seem to be near.
      if (isSettled.value) atEnd.value = !goesOn()
    } else if (offset < lastOffset - 1) atEnd.value = false
    lastOffset = offset
  }

  async function onResize(): Promise<void> {
    if (!isSettled.value) waitForQuiet()
    await nextTick()
    hold()
    pin()
  }

  /** Go back to the end, if the reader was there, but not past what they have not seen. */
  function hold(): void {
    // In a hidden page nothing is measured: that is done when it is seen again.
    if (document.visibilityState !== 'visible') return
    const element = scroller.value
    if (atEnd.value && element) {
      const index = limitIndex()
      const offset = index < 0 ? Infinity : (list.value?.getItemOffset(index) ?? Infinity) - aboveUnseen()
      element.scrollTop = Math.min(element.scrollHeight, offset)
      if (index >= 0 && distanceToEnd() > AT_END_PX) atEnd.value = false
    }
    measure()
  }

  /** Keep a reader at the end from being taken past a message that has arrived, until they have seen it. */
  function limitTo(messageId: number): void {
    if (limitIndex() < 0) limit = messageId
  }

  function limitIndex(): number {
    return limit === null ? -1 : indexOfUnseen(limit)
  }

  /** The page is visible again: show what has arrived meanwhile, from its beginning. */
  function comeBack(): void {
    const index = limitIndex()
    if (atEnd.value && index >= 0) void land({ index, align: 'start', offset: -aboveUnseen() })
    else hold()
  }

  /** The topmost row in view, as an index, and how far below the upper edge it begins, in pixels. */
  function anchor(): { index: number; offset: number } | null {
    const handle = list.value
    if (!handle || handle.viewportSize === 0) return null
    const index = handle.findItemIndex(handle.scrollOffset + 1)
    return { index, offset: handle.getItemOffset(index) - handle.scrollOffset }
  }

  /** How far below the upper edge a message is placed that has not been seen. */
  function aboveUnseen(): number {
    const { clientHeight = Infinity } = scroller.value ?? {}
    return clientHeight < 3 * ABOVE_UNSEEN_PX ? clientHeight * ABOVE_UNSEEN_PART : ABOVE_UNSEEN_PX
  }

  function go(place: Place, smooth = false): void {
    limit = null
    unpin()
    if (place === 'end') {
      atEnd.value = true
      const isNear = distance.value < 4 * (list.value?.viewportSize ?? 0)
      const { scrollHeight: top = 0 } = scroller.value ?? {}
      scroller.value?.scrollTo({ top, behavior: smooth && isNear ? 'smooth' : 'instant' })
      measure()
    } else {
      atEnd.value = false
      list.value?.scrollToIndex(place.index, { align: place.align, offset: place.offset ?? 0, smooth })
    }
  }

  /** Report whether a row is taller than the log: its middle alone would say little. */
  function isTall(index: number): boolean {
    return list.value !== null && list.value.getItemSize(index) > list.value.viewportSize
  }

  /**
   * Change the height of a row, while its `edge` stays where it is on the screen.
   *
   * @param by how much farther up the edge goes, in pixels.
   */
  async function keep(element: HTMLElement, edge: Edge, change: () => void, by = 0): Promise<void> {
    pinned?.release.abort()
    const release = new AbortController()
    pinned = { element, edge, at: element.getBoundingClientRect()[edge] - by, release }
    if (edge === 'top') atEnd.value = false
    change()
    await nextTick()
    pin()
    const { signal } = release
    if (signal.aborted) return
    for (const kind of ['wheel', 'touchmove', 'pointerdown', 'keydown'])
      scroller.value?.addEventListener(kind, unpin, { signal, passive: true })
    const timer = setTimeout(() => unpin(), PINNED_MS)
    signal.addEventListener('abort', () => clearTimeout(timer))
  }

  function pin(): void {
    if (!pinned || atEnd.value) return
    const { element, edge, at } = pinned
    const by = element.isConnected ? element.getBoundingClientRect()[edge] - at : 0
    if (Math.abs(by) > 0.5) scroller.value?.scrollBy({ top: by, behavior: 'instant' })
  }

  /** Whoever scrolls goes where they like. */
  function unpin(event?: Event): void {
    if (event instanceof WheelEvent && event.deltaY === 0) return
    pinned?.release.abort()
    pinned = null
  }

  /** Begin at `place`, invisible until it is reached. */
  async function land(place: Place): Promise<void> {
    isSettled.value = false
    lastOffset = 0
    atEnd.value = place === 'end'
    clearTimeout(patience)
    patience = setTimeout(settle, PATIENCE_MS)
    waitForQuiet()
    await nextTick()
    go(place)
  }

  function waitForQuiet(): void {
    clearTimeout(quiet)
    quiet = setTimeout(settle, QUIET_MS)
  }

  function settle(): void {
    clearTimeout(quiet)
    clearTimeout(patience)
    isSettled.value = true
    measure()
    if (distance.value <= AT_END_PX) atEnd.value = !goesOn()
  }

  onScopeDispose(() => {
    unpin()
    clearTimeout(quiet)
    clearTimeout(patience)
  })

  return {
    aboveUnseen,
    atEnd: atEnd as Readonly<Ref<boolean>>,
    distance,
    seen,
    isSettled,
    onScroll,
    onResize,
    measure,
    anchor,
    limitTo,
    comeBack,
    hold,
    go,
    keep,
    isTall,
    land,
  }
}

export type LogScroll = ReturnType<typeof useLogScroll>

/** Return the last row whose end, or at least half a screen of it, is above `bottom`. */
function lastSeen(handle: VirtualizerHandle, bottom: number): number {
  const index = handle.findItemIndex(bottom - 1)
  const start = handle.getItemOffset(index)
  const shown = bottom - start
  return shown >= Math.min(handle.getItemSize(index) - 8, handle.viewportSize / 2) ? index : index - 1
}
