import { computed, onScopeDispose, shallowRef, watch, type ComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { settings } from '@/api/settings'
import type { Message, ServerEvent } from '@/api/wire'
import { isLockHeld, useLock } from '@/transport/locks'
import { noticeOf } from '@/notifications/notice'
import { useAuthStore } from '@/stores/auth'
import { useConversationsStore } from '@/stores/conversations'
import { usePreferencesStore } from '@/stores/preferences'
import type { NotificationData, WorkerMessage } from '@/sw/messages'

import { useWebSocket } from '@/transport/socket'

/** How long another device may take to read a message before it is told of here, in milliseconds. */
const COURTESY = 400

/** Held by the one tab that notifies, and by each that shows a conversation to somebody. */
const NOTIFIER = 'chatd.notifier'
const READER = 'chatd.reader.'

/** Held while notifications are shown or looked through: Chromium forgets one that is asked about as it appears. */
const SCREEN = 'chatd.screen'

const isSupported =
  typeof window !== 'undefined' && 'Notification' in window && 'serviceWorker' in navigator && 'locks' in navigator

const permission = shallowRef<NotificationPermission>(isSupported ? Notification.permission : 'default')

/** Notifications of the desktop or the phone about messages that somebody does not see in the page. */
export function useNotifications(): {
  isSupported: boolean
  /** Whether the browser refuses them, so that asking is of no use. */
  isBlocked: ComputedRef<boolean>
  /** Whether they are wanted and allowed. */
  isOn: ComputedRef<boolean>
  /** Asks the browser, inside a click; says whether they are on now. */
  turnOn: () => Promise<boolean>
  turnOff: () => void
  /** Notifies for as long as the caller's scope lives: the layout's, which stands while somebody is signed in. */
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
  const { isConnected, onMessage } = useWebSocket()
  const auth = useAuthStore()
  const conversations = useConversationsStore()
  const router = useRouter()

  followPermission()
  const reading = useReading()
  useLock(() => (reading.value === null ? null : READER + reading.value), 'shared')
  const isNotifier = useLock(() => (isOn.value && isConnected.value ? NOTIFIER : null), 'exclusive')

  /** The newest message of each sender that is still to be told of. */
  const untold = new Map<number, Message>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false

  const stop = onMessage((event: ServerEvent) => {
    if (event.type === 'new_message') hear(event.data)
    else if (event.type === 'message_edited') correct(event.data)
    else if (event.type === 'message_deleted') withdraw(event.data.id)
  })

  function hear(message: Message): void {
    if (message.group_id !== null || message.sender_id === auth.user?.id || message.deleted_at !== null) return
    untold.set(message.sender_id, message)
    tellLater()
  }

  function correct(message: Message): void {
    if (untold.get(message.sender_id)?.id === message.id) untold.set(message.sender_id, message)
  }

  function withdraw(messageId: number): void {
    for (const [userId, message] of untold) if (message.id === messageId) untold.delete(userId)
    void close((data) => data.messageId === messageId)
  }

  function tellLater(): void {
    timer ??= setTimeout(() => void tell(), COURTESY)
  }

  /** Only what is still unread when all that was missed has come: it may have been read elsewhere meanwhile. */
  async function tell(): Promise<void> {
    timer = undefined
    if (!isConnected.value) return
    if (isOn.value && !isNotifier.value && !(await isLockHeld(NOTIFIER))) {
      // Some tab is about to be the one that notifies, and it may be this one.
      if (!isOver) tellLater()
      return
    }
    const messages = [...untold.values()]
    untold.clear()
    if (isNotifier.value) for (const message of messages) void show(message)
  }

  async function show(message: Message): Promise<void> {
    if (isRead(message.sender_id) || (await isLockHeld(READER + message.sender_id))) return
    const sender = conversations.byUser(message.sender_id)?.user ?? message.sender
    const { title, options } = noticeOf(message, sender, settings().api === '')
    const registration = await navigator.serviceWorker.getRegistration()
    await navigator.locks.request(SCREEN, () => registration?.showNotification(title, options))
    await close((data) => isRead(data.userId))
  }

  function isRead(userId: number): boolean {
    return conversations.byUser(userId)?.unread_count === 0
  }

  watch(isConnected, (now) => now && untold.size > 0 && tellLater())
  watch(isOn, (now) => !now && close(() => true))
  watch(
    () => conversations.list.flatMap(({ user }) => (isRead(user.id) ? user.id : [])).join(),
    () => close((data) => isRead(data.userId)),
  )

  const opened = (event: MessageEvent<WorkerMessage>): void => void router.push(event.data.path)
  navigator.serviceWorker.addEventListener('message', opened)

  onScopeDispose(() => {
    isOver = true
    stop()
    clearTimeout(timer)
    navigator.serviceWorker.removeEventListener('message', opened)
    void close(() => true)
  })
}

/** The user whose conversation somebody has before their eyes in this tab, or null. */
function useReading(): ComputedRef<number | null> {
  const route = useRoute()
  const isVisible = shallowRef(!document.hidden)
  const look = (): void => {
    isVisible.value = !document.hidden
  }
  document.addEventListener('visibilitychange', look)
  onScopeDispose(() => document.removeEventListener('visibilitychange', look))
  return computed(() => (isVisible.value && route.name === 'chat' ? Number(route.params['id']) : null))
}

/** The permission can be given and taken outside the page, and in another tab. */
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

/** Takes back the notifications that are `outdated`, whichever tab has shown them. */
async function close(outdated: (data: NotificationData) => boolean): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration()
  await navigator.locks.request(SCREEN, async () => {
    for (const notification of (await registration?.getNotifications()) ?? []) {
      if (outdated(notification.data as NotificationData)) notification.close()
    }
  })
}
