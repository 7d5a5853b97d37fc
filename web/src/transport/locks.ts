import { onScopeDispose, readonly, shallowRef, watch, type Ref } from 'vue'

/**
 * Holds a Web Lock, which all tabs of the browser can see, and which ends with the tab, however that ends.
 *
 * @param name returns the lock's name, or null while none is wanted; followed while the caller's scope lives.
 * @param mode `exclusive` makes this tab wait until it is the only one; `shared` only shows that it exists.
 * @returns whether the lock is held now.
 */
export function useLock(name: () => string | null, mode: LockMode): Readonly<Ref<boolean>> {
  const isHeld = shallowRef(false)
  let release: () => void = () => undefined

  watch(
    name,
    (wanted) => {
      release()
      if (wanted !== null) release = hold(wanted)
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(() => release())

  function hold(wanted: string): () => void {
    const abandon = new AbortController()
    const held = new Promise<void>((resolve) => abandon.signal.addEventListener('abort', () => resolve()))
    navigator.locks
      .request(wanted, { mode, signal: abandon.signal }, () => {
        isHeld.value = true
        return held
      })
      .catch(() => undefined)
    return () => {
      isHeld.value = false
      abandon.abort()
    }
  }

  return readonly(isHeld)
}

/** Report whether any tab holds the lock of this name. Where the browser refuses locks, none does. */
export async function isLockHeld(name: string): Promise<boolean> {
  const { held = [] } = await navigator.locks.query().catch(() => ({ held: [] }))
  return held.some((lock) => lock.name === name)
}
