import { defineStore } from 'pinia'

import type { Message, ServerEvent } from '@/api/wire'
import { placeOfMessage } from '@/model/messages'
import { groupPlace, keyOf, type Place, type PlaceKey, userPlace } from '@/model/places'
import { saveChat, savedChat } from '@/offline/snapshots'
import { api } from '@/transport/api'

import { useAuthStore } from './auth'
import { Room, type Stream } from './messages/room'
import { useOutboxStore } from './outbox'
import { usePeopleStore } from './people'

/** The rooms: one for each chat that was opened since the page was loaded. */
export const useRoomsStore = defineStore('rooms', () => {
  const auth = useAuthStore()
  const outbox = useOutboxStore()
  const people = usePeopleStore()
  const me = (): number => auth.user?.id ?? 0
  const rooms = new Map<PlaceKey, Room>()
  let stream = newStream()

  function newStream(): Stream & { hasBegun: boolean; begin: () => void } {
    let begin = (): void => undefined
    const begun = new Promise<void>((resolve) => (begin = resolve))
    return { begun, begin, hasBegun: false }
  }

  /** Return the room of a place, which is made if there is none. */
  function room(place: Place): Room {
    const known = rooms.get(keyOf(place))
    if (known !== undefined) return known
    const made = new Room(place, {
      me,
      stream,
      fetch: api.messages,
      pending: outbox.of,
      learned(messages) {
        people.introduce(messages.map((message) => message.sender))
        outbox.settle(messages)
      },
      keep: (place, newest) => void saveChat(me(), place, newest),
    })
    rooms.set(keyOf(place), made)
    return made
  }

  const get = (place: Place): Room | undefined => rooms.get(keyOf(place))

  /** Return the present stream of events. */
  const currentStream = (): Stream => stream

  /** Show what was stored of the room on an earlier visit. */
  async function showSnapshot(room: Room): Promise<void> {
    const messages = await savedChat(me(), room.place)
    if (messages === undefined || get(room.place) !== room) return
    people.introduce(messages.map((message) => message.sender))
    room.showOld(messages)
  }

  /** The messages above one id and up to another; null if some of them are not loaded. */
  function between(place: Place, above: number, upTo: number): Message[] | null {
    return get(place)?.timeline.between(above, upTo) ?? null
  }

  function apply(event: ServerEvent): void {
    switch (event.type) {
      case 'new_message':
      case 'message_edited':
      case 'message_deleted': {
        const place = placeOfMessage(event.data, me())
        if (place !== null) get(place)?.apply(event)
        break
      }
      case 'reaction':
        for (const room of rooms.values()) room.apply(event)
        break
      case 'read':
        if (event.data.user_id === me()) get(userPlace(event.data.reader_id))?.noteRead(event.data.up_to)
        break
      case 'messages_removed':
        get(groupPlace(event.data.group_id))?.apply(event)
        break
      case 'messages_restored':
        get(groupPlace(event.data.group_id))?.reread()
        break
      case 'group_ended':
        drop(groupPlace(event.data.group_id))
        break
      case 'membership':
        if (event.data.user_id === me() && event.data.role === null) drop(groupPlace(event.data.group_id))
        break
    }
  }

  function drop(place: Place): void {
    get(place)?.dispose()
    rooms.delete(keyOf(place))
  }

  /**
   * The stream of events starts here, perhaps again: pages from before are useless.
   *
   * @param othersReadUpTo returns the newest message of a place that the other is known to have read.
   * @returns whether there was a stream before.
   */
  function restart(othersReadUpTo: (place: Place) => number): boolean {
    for (const room of rooms.values()) room.restart(othersReadUpTo(room.place))
    const isAnother = stream.hasBegun
    stream.hasBegun = true
    stream.begin()
    return isAnother
  }

  /** Forget everything, which was another user's. */
  function reset(): void {
    for (const room of rooms.values()) room.dispose()
    rooms.clear()
    stream = newStream()
  }

  return { room, get, currentStream, showSnapshot, between, apply, restart, reset }
})
