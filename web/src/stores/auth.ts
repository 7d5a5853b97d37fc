import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { api, type Registration } from '@/transport/api'
import type { Me, ServerEvent, User } from '@/api/wire'
import { forgetEverything } from '@/offline/forget'
import { local, onChangedElsewhere, parsed } from '@/offline/local'
import { wipeSnapshots } from '@/offline/snapshots'

const KEY = 'chatd.auth'
/** Why the last session of this browser ended, for its other tabs. */
const ENDED_KEY = 'chatd.ended'

/** Who signed in before it was said has no role here until the profile is loaded again. */
type Self = User & Partial<Pick<Me, 'role'>>

interface Kept {
  token: string
  user: Self
}

/** Why somebody was signed out or disconnected without having asked for it. */
export type Ended = 'session_ended' | 'no_account' | 'signed_out_elsewhere' | 'too_many'

/** Who is signed in, which is the same in all tabs of a browser. */
export const useAuthStore = defineStore('auth', () => {
  const kept = shallowRef<Kept | null>(parsed<Kept>(local.get(KEY)))
  const endedBecause = ref<Ended | null>(null)
  /** Whether somebody signed in whom this browser cannot keep signed in: it refuses to store anything, or is full. */
  const isForgetful = ref(false)
  const token = computed(() => kept.value?.token ?? null)
  const user = computed(() => kept.value?.user ?? null)
  const isSignedIn = computed(() => kept.value !== null)
  const isAdmin = computed(() => user.value?.role === 'admin')

  watch(token, (value) => api.setToken(value), { immediate: true, flush: 'sync' })
  api.onUnauthorized((error) => void end(error.code === 'account_unavailable' ? 'no_account' : 'session_ended'))
  onChangedElsewhere((key, value) => {
    if (key === ENDED_KEY) learnWhy(value as Ended | null)
    if (key === null || key === KEY) follow(parsed<Kept>(key === null ? null : value))
  })

  /** Return whether it outlives the page. */
  function keep(value: Kept): boolean {
    const isStored = local.set(KEY, JSON.stringify(value))
    kept.value = value
    return isStored
  }

  /** Remove what is stored of the user, and tell the other tabs why. */
  function drop(because: Ended): void {
    local.set(ENDED_KEY, because)
    local.remove(KEY)
    local.remove(ENDED_KEY) // the others hear of it by its event, in this order
    kept.value = null
  }

  /** Follow another tab that has signed in or out. */
  function follow(theirs: Kept | null): void {
    if (theirs !== null) endedBecause.value = null
    else if (kept.value !== null) endedBecause.value ??= 'signed_out_elsewhere'
    kept.value = theirs
  }

  /**
   * Learn from another tab why the session ended. After a sign-out the server ends the connections of all tabs, which
   * one of them may notice before it hears of the sign-out.
   */
  function learnWhy(because: Ended | null): void {
    const isEnding = kept.value !== null || endedBecause.value === 'session_ended'
    if (because !== null && isEnding) endedBecause.value = because
  }

  async function signIn(username: string, password: string): Promise<void> {
    const { access_token } = await api.login(username, password)
    api.setToken(access_token)
    try {
      isForgetful.value = !keep({ token: access_token, user: await api.me() })
    } catch (error) {
      api.setToken(token.value)
      throw error
    }
    endedBecause.value = null
  }

  async function register(registration: Registration): Promise<void> {
    await api.register(registration)
    await signIn(registration.username, registration.password)
  }

  /** Sign out. Offline, the session remains on the server until it expires. */
  async function signOut(): Promise<void> {
    const me = user.value?.id
    const toldServer = api.logout().catch(() => undefined)
    drop('signed_out_elsewhere')
    endedBecause.value = null
    if (me !== undefined) await forgetEverything(me)
    await toldServer
  }

  /**
   * End the session because the server did. Unsent messages and drafts wait for their user to return; what was read
   * does not stay in the browser.
   */
  async function end(because: Ended): Promise<void> {
    endedBecause.value = because
    if (because === 'too_many' || kept.value === null) return
    drop(because)
    await wipeSnapshots()
  }

  /** Forget the account, which was just deleted. */
  async function forget(): Promise<void> {
    const me = user.value?.id
    drop('no_account')
    endedBecause.value = null
    if (me !== undefined) await forgetEverything(me)
  }

  function setUser(changes: Partial<Self>): void {
    if (kept.value !== null) keep({ ...kept.value, user: { ...kept.value.user, ...changes } })
  }

  /** Load the user's own profile again. */
  async function refresh(): Promise<void> {
    const asked = token.value
    const found = await api.me()
    if (token.value === asked) setUser(found)
  }

  function apply(event: ServerEvent): void {
    if (event.type !== 'profile' || event.data.id !== user.value?.id) return
    setUser(event.data)
    refresh().catch(() => undefined)
  }

  return {
    token,
    user,
    isSignedIn,
    isAdmin,
    endedBecause,
    isForgetful,
    signIn,
    register,
    signOut,
    end,
    refresh,
    setUser,
    forget,
    apply,
  }
})
