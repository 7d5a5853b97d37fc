import { defineStore } from 'pinia'
import { shallowReactive, watch } from 'vue'

import type { Brief, ServerEvent } from '@/api/wire'
import { subscribe } from '@/events'

import { useAuthStore } from './auth'
import { usePeopleStore } from './people'

/** What is told in the log of a group about those who are in it. */
export interface Note {
  /** Its place among the messages, whose ids are places as well. */
  seq: number
  user: Brief
  kind: 'joined' | 'left' | 'kicked' | 'banned' | 'owner' | 'admin' | 'member'
}

/** What has happened in groups since this page was loaded: the server keeps no lines about that among the messages. */
export const useGroupsStore = defineStore('groups', () => {
  const auth = useAuthStore()
  const people = usePeopleStore()
  const notes = shallowReactive(new Map<number, readonly Note[]>())

  watch(
    () => auth.user?.id,
    () => notes.clear(),
    { flush: 'sync' },
  )
  subscribe(follow)

  function follow(event: ServerEvent): void {
    if (event.type === 'group_ended') notes.delete(event.data.group_id)
    if (event.type !== 'membership' || event.seq === undefined) return
    const { group_id, user, user_id, role, how } = event.data
    people.remember([user])
    const known = notes.get(group_id) ?? []
    if (user_id === auth.user?.id && role === null) notes.delete(group_id)
    else if (!known.some(({ seq }) => seq === event.seq)) {
      notes.set(group_id, [...known, { seq: event.seq, user, kind: kindOf(role, how) }])
    }
  }

  /** The notes of a group between two messages. */
  function between(groupId: number, from: number, to: number): readonly Note[] {
    return (notes.get(groupId) ?? []).filter(({ seq }) => seq > from && seq < to)
  }

  return { between }
})

function kindOf(role: string | null, how: string): Note['kind'] {
  if (role === null) return how === 'kicked' || how === 'banned' ? how : 'left'
  if (how !== 'role' && how !== 'owner') return 'joined'
  return role === 'owner' || role === 'admin' ? role : 'member'
}
