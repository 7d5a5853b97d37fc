import { onScopeDispose, readonly, ref, type Ref } from 'vue'

const TICK = 15_000

const now = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

function tick(): void {
  if (document.visibilityState === 'visible') now.value = Date.now()
}

/** The present time, ticking while the caller's scope lives, for texts such as `5m ago`. One timer serves all. */
export function useNow(): Readonly<Ref<number>> {
  now.value = Date.now()
  users += 1
  if (users === 1) {
    timer = setInterval(tick, TICK)
    document.addEventListener('visibilitychange', tick)
  }
  onScopeDispose(() => {
    users -= 1
    if (users > 0) return
    clearInterval(timer)
    document.removeEventListener('visibilitychange', tick)
  })
  return readonly(now)
}
