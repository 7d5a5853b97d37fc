import { onScopeDispose, readonly, ref, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'

/** The whole seconds until a moment (as `Date.now()` counts) while the caller's scope lives; 0 if past or null. */
export function useCountdown(until: MaybeRefOrGetter<number | null>): Readonly<Ref<number>> {
  const seconds = ref(0)
  let timer: ReturnType<typeof setTimeout> | undefined

  function tick(): void {
    clearTimeout(timer)
    const left = Math.max(0, (toValue(until) ?? 0) - Date.now())
    seconds.value = Math.ceil(left / 1000)
    if (left > 0) timer = setTimeout(tick, left % 1000 || 1000)
  }

  watch(() => toValue(until), tick, { immediate: true })
  onScopeDispose(() => clearTimeout(timer))
  return readonly(seconds)
}
