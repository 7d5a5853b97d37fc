import { computed, onScopeDispose, watch, type ComputedRef } from 'vue'
import type { Router } from 'vue-router'

import { settings } from '@/api/settings'
import type { Conversation, Message, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'
import { keyOfConversation, levelOf } from '@/model/conversations'
import { names, placeOfMessage } from '@/model/messages'
import { faceOfGroup } from '@/model/people'
import { keyOf, type Place, type PlaceKey } from '@/model/places'
import { noticeOf, placeOfNotice } from '@/notifications/notice'
import { useAuthStore } from '@/stores/auth'
import { useBlocksStore } from '@/stores/blocks'
import { useConversationsStore } from '@/stores/conversations'
import { usePeopleStore } from '@/stores/people'
import type { NotificationData, WorkerMessage } from '@/sw/messages'
import { isLockHeld, useLock } from '@/transport/locks'
import { registered, workers } from '@/transport/serviceWorker'
import { socket } from '@/transport/socket'

import { useAttention } from './useAttention'

/** How long another device may take to read a message before this one notifies, in milliseconds. */
const COURTESY = 400

/** Locks: held by the one tab that notifies, and by each tab whose user is looking at a chat. */
const NOTIFIER = 'chatd.notifier'
const READER = 'chatd.reader.'

/** Lock: held while notifications are shown or listed, as Chromium forgets one that is listed while it appears. */
const SCREEN = 'chatd.screen'

/**
 * Shows system notifications about messages that the user does not see in the page, while the caller's scope lives.
 * Only one of the browser's tabs does so at a time.
 *
 * @param isOn whether they are wanted and allowed.
 * @param open the place whose chat this tab shows.
 * @param router leads to the message of a notification that was clicked.
 * @returns what hears an event that came before.
 */
export function useNotifier(
  isOn: ComputedRef<boolean>,
  open: ComputedRef<Place | null>,
  router: Router,
): (event: ServerEvent) => void {
  const { isConnected } = socket
  const auth = useAuthStore()
  const conversations = useConversationsStore()
  const people = usePeopleStore()
  const blocks = useBlocksStore()

  const reading = useReading(open)
  useLock(() => (reading.value === null ? null : READER + reading.value), 'shared')
  const isNotifier = useLock(() => (isOn.value && isConnected.value ? NOTIFIER : null), 'exclusive')

  /** The newest message of each place that has not been notified yet. */
  const untold = new Map<PlaceKey, { place: Place; message: Message }>()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false

  const stop = subscribe(follow)

  function follow(event: ServerEvent): void {
    if (event.type === 'new_message') hear(event.data)
    else if (event.type === 'message_edited') correct(event.data)
    else if (event.type === 'message_deleted') withdraw(event.data.id)
  }

  function hear(message: Message): void {
    const me = auth.user?.id ?? 0
    const place = placeOfMessage(message, me)
    if (place === null || message.sender_id === me || message.deleted_at !== null) return
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
    const conversation = conversations.get(place)
    if (place.kind === 'group' && (!conversation || !disturbs(conversation, message))) return
    const sender = conversation?.user ?? people.authorOf(message)
    const group = conversation?.group ? faceOfGroup(conversation.group) : null
    const { title, options } = noticeOf(message, place, sender, settings().api === '', group)
    const registration = await registered()
    if (!registration) return
    await navigator.locks.request(SCREEN, () => registration.showNotification(title, options))
    await close(isOutdated)
  }

  /** Whether a message in a group is to disturb its reader. */
  function disturbs(conversation: Conversation, message: Message): boolean {
    const me = auth.user?.id ?? 0
    if (blocks.isBlocked(message.sender_id)) return false
    const level = levelOf(conversation)
    if (level === 'named') return names({ ...message, mentions_all: false }, me)
    return level === 'all' || (level === 'mentions' && names(message, me))
  }

  function isRead(place: Place): boolean {
    return conversations.get(place)?.unread_count === 0
  }

  const isOutdated = (data: NotificationData): boolean => isRead(placeOfNotice(data))

  watch(isConnected, (now) => now && untold.size > 0 && tellLater())
  watch(isOn, (now) => !now && close(() => true))
  watch(
    () => conversations.list.flatMap((each) => (each.unread_count === 0 ? keyOfConversation(each) : [])).join(),
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
  return follow
}

/** The key of the place whose chat the user is looking at in this tab, or null. */
function useReading(open: ComputedRef<Place | null>): ComputedRef<PlaceKey | null> {
  const { isLooking } = useAttention()
  return computed(() => (isLooking.value && open.value !== null ? keyOf(open.value) : null))
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
