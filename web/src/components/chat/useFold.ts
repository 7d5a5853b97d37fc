import { computed, nextTick, onMounted, ref, type ShallowRef, shallowRef, watch } from 'vue'

import { rich } from './rich'

/** A message is folded to this part of the window's height, but never below a few lines, in pixels. */
const SHARE = 0.6
const LEAST_PX = 128
/** A little more than that is shown whole: unfolding should be worth it. */
const WORTHWHILE = 1.25

/** Texts below these are not measured: they fit even into a low window. */
const SHORT = 100
const FEW_LINES = 5

const windowSize = shallowRef(sizeOfWindow())

function sizeOfWindow(): { width: number; height: number } {
  return { width: window.innerWidth, height: window.innerHeight }
}

window.addEventListener('resize', () => {
  const { width } = windowSize.value
  // The keyboard of a phone changes the height alone, and must not fold what somebody reads.
  if (width === window.innerWidth && matchMedia('(pointer: coarse)').matches) return
  windowSize.value = sizeOfWindow()
})

/**
 * Folds a text that is taller than about a screen.
 *
 * @param element what has the text, and `body` in it when that is folded.
 * @param isUnfolded returns whether somebody wants to see all of it.
 */
export function useFold(
  element: Readonly<ShallowRef<HTMLElement | null>>,
  body: Readonly<ShallowRef<HTMLElement | null>>,
  text: () => string,
  isUnfolded: () => boolean,
) {
  /** Whether it is too tall. */
  const isLong = ref(false)
  const limit = computed(() => Math.max(LEAST_PX, Math.round(windowSize.value.height * SHARE)))
  const isFolded = computed(() => isLong.value && !isUnfolded())

  function measure(): void {
    const { length } = text()
    const mayBeLong = length > SHORT || text().split('\n', FEW_LINES + 1).length > FEW_LINES
    const height = mayBeLong ? ((isLong.value ? body.value : element.value)?.scrollHeight ?? 0) : 0
    isLong.value = height > limit.value * WORTHWHILE
  }

  // Before the first paint, so that nothing is seen to shrink.
  onMounted(measure)
  watch([text, windowSize, rich], () => void nextTick(measure))

  return { isLong, isFolded, limit }
}
