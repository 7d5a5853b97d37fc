import { onScopeDispose, readonly, ref, type Ref } from 'vue'

/** Where there is room for two columns, as the style sheets have it too. */
export const WIDE = '(width >= 50rem)'

/** Whether a media query holds, as long as the caller's scope lives. */
export function useMedia(query: string): Readonly<Ref<boolean>> {
  const list = matchMedia(query)
  const matches = ref(list.matches)
  const follow = (): void => void (matches.value = list.matches)
  list.addEventListener('change', follow)
  onScopeDispose(() => list.removeEventListener('change', follow))
  return readonly(matches)
}
