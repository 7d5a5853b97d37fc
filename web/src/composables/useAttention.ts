import { computed, onScopeDispose, readonly, ref, type Ref } from 'vue'

/** How long somebody who scrolls a window without the focus counts as looking at it, in milliseconds. */
const ACTING_MS = 10_000

const isVisible = ref(true)
const hasFocus = ref(true)
const isActing = ref(false)
const isLooking = computed(() => isVisible.value && (hasFocus.value || isActing.value))

let users = 0
let listening: AbortController | undefined
let resting: ReturnType<typeof setTimeout> | undefined

function look(event?: Event): void {
  isVisible.value = document.visibilityState === 'visible'
  hasFocus.value = event?.type === 'blur' ? false : event?.type === 'focus' || document.hasFocus()
  if (!isVisible.value) rest()
}

function act(): void {
  isActing.value = isVisible.value
  clearTimeout(resting)
  resting = setTimeout(rest, ACTING_MS)
}

function rest(): void {
  clearTimeout(resting)
  isActing.value = false
}

/**
 * Whether somebody looks at the page, while the caller's scope lives: it is visible, and its window has the focus or
 * is being scrolled. A visible window beside the one that somebody works in is not looked at.
 */
export function useAttention(): { isVisible: Readonly<Ref<boolean>>; isLooking: Readonly<Ref<boolean>> } {
  users += 1
  if (users === 1) {
    listening = new AbortController()
    const { signal } = listening
    document.addEventListener('visibilitychange', look, { signal })
    for (const type of ['focus', 'blur']) window.addEventListener(type, look, { signal })
    for (const type of ['wheel', 'touchmove', 'pointerdown', 'keydown']) {
      window.addEventListener(type, act, { signal, capture: true, passive: true })
    }
  }
  look()
  onScopeDispose(() => {
    users -= 1
    if (users === 0) listening?.abort()
  })
  return { isVisible: readonly(isVisible), isLooking }
}
