import { computed, effectScope, onScopeDispose, shallowRef, watch, type ComputedRef } from 'vue'
import { useRouter } from 'vue-router'

import type { ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { usePreferencesStore } from '@/stores/preferences'

import { useOpenPlace } from './useChatRoute'

const isSupported =
  typeof window !== 'undefined' && 'Notification' in window && 'serviceWorker' in navigator && 'locks' in navigator

const permission = shallowRef<NotificationPermission>(isSupported ? Notification.permission : 'default')

/** System notifications about messages that the user does not see in the page. */
export function useNotifications(): {
  isSupported: boolean
  /** Whether the browser refuses them, so that asking is useless. */
  isBlocked: ComputedRef<boolean>
  /** Whether they are wanted and allowed. */
  isOn: ComputedRef<boolean>
  /** Ask the browser, inside a click. Resolves to whether they are on now. */
  turnOn: () => Promise<boolean>
  turnOff: () => void
  /** Notify while the caller's scope lives: the layout's, which exists while somebody is signed in. */
  watch: () => void
} {
  const preferences = usePreferencesStore()
  const isBlocked = computed(() => permission.value === 'denied')
  const isOn = computed(() => isSupported && preferences.notifications && permission.value === 'granted')

  async function turnOn(): Promise<boolean> {
    if (!isSupported) return false
    permission.value = await Notification.requestPermission()
    preferences.choose({ notifications: permission.value === 'granted' })
    return preferences.notifications
  }

  function turnOff(): void {
    preferences.choose({ notifications: false })
  }

  return { isSupported, isBlocked, isOn, turnOn, turnOff, watch: () => isSupported && notify(isOn) }
}

/** Load what notifies as soon as it is wanted, as most people never turn it on. What comes meanwhile waits for it. */
function notify(isOn: ComputedRef<boolean>): void {
  followPermission()
  const scope = effectScope()
  const router = useRouter()
  const open = useOpenPlace()
  const early: ServerEvent[] = []
  let isLoading = false
  watch(
    isOn,
    async (now) => {
      if (!now || isLoading) return
      isLoading = true
      const stop = subscribe((event) => early.push(event))
      try {
        const { useNotifier } = await import('./useNotifier')
        scope.run(() => early.forEach(useNotifier(isOn, open, router)))
      } catch {
        isLoading = false
      } finally {
        stop()
        early.length = 0
      }
    },
    { immediate: true },
  )
}

/** The permission can be granted and withdrawn outside the page, and in another tab. */
function followPermission(): void {
  const changes = new AbortController()
  onScopeDispose(() => changes.abort())
  navigator.permissions.query({ name: 'notifications' }).then(
    (status) => {
      const follow = (): void => {
        permission.value = Notification.permission
      }
      status.addEventListener('change', follow, { signal: changes.signal })
    },
    () => undefined,
  )
}
