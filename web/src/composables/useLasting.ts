import { onScopeDispose, readonly, ref, type Ref, watch } from 'vue'

/** Whether something has been so for a while, in milliseconds. It is not as soon as it no longer is so. */
export function useLasting(source: () => boolean, ms: number): Readonly<Ref<boolean>> {
  const isLasting = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(
    source,
    (isSo) => {
      clearTimeout(timer)
      if (isSo) timer = setTimeout(() => (isLasting.value = true), ms)
      else isLasting.value = false
    },
    { immediate: true },
  )
  onScopeDispose(() => clearTimeout(timer))
  return readonly(isLasting)
}
