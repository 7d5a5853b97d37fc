import { computed, onScopeDispose, shallowRef, watch, type ComputedRef } from 'vue'
import { useRouter } from 'vue-router'

import { settings } from '@/api/settings'
import type { Message, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { placeOfMessage } from '@/model/messages'
import { isShown, keyOf, type Place, type PlaceKey } from '@/model/places'
import { noticeOf, placeOfNotice } from '@/notifications/notice'
import { useAuthStore } from '@/stores/auth'
import { useConversationsStore } from '@/stores/conversations'
import { usePreferencesStore } from '@/stores/preferences'
import type { NotificationData, WorkerMessage } from '@/sw/messages'
import { isLockHeld, useLock } from '@/transport/locks'
import { registered, workers } from '@/transport/serviceWorker'
import { socket } from '@/transport/socket'

import { useAttention } from './useAttention'
import { useOpenPlace } from './useChatRoute'

/** How long another device may take to read a message before this one notifies, in milliseconds. */
const COURTESY = 400

/** Locks: held by the one tab that notifies, and by each tab whose user is looking at a chat. */
const NOTIFIER = 'chatd.notifier'
const READER = 'chatd.reader.'

/** Lock: held while notifications are shown or listed, as Chromium forgets one that is listed while it appears. */
const SCREEN = 'chatd.screen'

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

function notify(isOn: ComputedRef<boolean>): void {
  const { isConnected } = socket
  const auth = useAuthStore()
  const conversations = useConversationsStore()
  const router = useRouter()

  followPermission()
  const reading = useReading()
  useLock(() => (reading.value === null ? null : READER + reading.value), 'shared')
  const isNotifier = useLock(() => (isOn.value && isConnected.value ? NOTIFIER : null), 'exclusive')

  /** The newest message of each place that has not been notified yet. */
  const untold = new Map<PlaceKey, { place: Place; message: Message }>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false

  const stop = subscribe((event: ServerEvent) => {
    if (event.type === 'new_message') hear(event.data)
    else if (event.type === 'message_edited') correct(event.data)
    else if (event.type === 'message_deleted') withdraw(event.data.id)
  })

  function hear(message: Message): void {
    const me = auth.user?.id ?? 0
    const place = placeOfMessage(message, me)
    if (place === null || !isShown(place) || message.sender_id === me || message.deleted_at !== null) return
    untold.set(keyOf(place), { place, message })
    tellLater()
  }

  function correct(message: Message): void {
    for (const each of untold.values()) if (each.message.id === message.id) each.message = message
  }

  function withdraw(messageId: number): void {
    for (const [key, { message }] of untold) if (message.id === messageId) untold.delete(key)
    void close((data) => data.messageId === messageId)
  }

  function tellLater(): void {
    timer ??= setTimeout(() => void tell(), COURTESY)
  }

  /** Notify of what is still unread once everything missed has arrived: it may have been read elsewhere. */
  async function tell(): Promise<void> {
    timer = undefined
    if (!isConnected.value) return
    if (isOn.value && !isNotifier.value && !(await isLockHeld(NOTIFIER))) {
      // Some tab is about to become the one that notifies, perhaps this one.
      if (!isOver) tellLater()
      return
    }
    const found = [...untold.values()]
    untold.clear()
    if (isNotifier.value) for (const { place, message } of found) void show(place, message)
  }

  async function show(place: Place, message: Message): Promise<void> {
    if (isRead(place) || (await isLockHeld(READER + keyOf(place)))) return
    const sender = conversations.get(place)?.user ?? message.sender
    const { title, options } = noticeOf(message, place, sender, settings().api === '')
    const registration = await registered()
    if (!registration) return
    await navigator.locks.request(SCREEN, () => registration.showNotification(title, options))
    await close(isOutdated)
  }

  function isRead(place: Place): boolean {
    return conversations.get(place)?.unread_count === 0
  }

  const isOutdated = (data: NotificationData): boolean => isRead(placeOfNotice(data))

  watch(isConnected, (now) => now && untold.size > 0 && tellLater())
  watch(isOn, (now) => !now && close(() => true))
  watch(
    () => conversations.list.flatMap(({ user, unread_count }) => (unread_count === 0 ? user.id : [])).join(),
    () => close(isOutdated),
  )

  const opened = (event: MessageEvent<WorkerMessage>): void => void router.push(event.data.path)
  const container = workers()
  container?.addEventListener('message', opened)

  onScopeDispose(() => {
    isOver = true
    stop()
    clearTimeout(timer)
    container?.removeEventListener('message', opened)
    void close(() => true)
  })
}

/** The key of the place whose chat the user is looking at in this tab, or null. */
function useReading(): ComputedRef<PlaceKey | null> {
  const open = useOpenPlace()
  const { isLooking } = useAttention()
  return computed(() => (isLooking.value && open.value !== null ? keyOf(open.value) : null))
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

/** Close the notifications that are `outdated`, whichever tab has shown them. */
async function close(outdated: (data: NotificationData) => boolean): Promise<void> {
  const registration = await registered()
  if (!registration) return
  await navigator.locks.request(SCREEN, async () => {
    for (const notification of await registration.getNotifications()) {
      if (outdated(notification.data as NotificationData)) notification.close()
    }
  })
}
