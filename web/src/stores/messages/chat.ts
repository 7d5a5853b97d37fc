import type { ApiError } from '@/api/errors'
import type { Message } from '@/api/wire'
import type { Place } from '@/model/places'
import type { Pending } from '@/offline/unsent'

/** What a chat is loading: messages before or after the present ones, or others in their place. */
export type Loading = 'before' | 'after' | 'around' | 'newest'

/** A chat as the components see it. */
export interface Chat {
  readonly place: Place
  /** Messages without gaps, by ascending id; a new array after every change. */
  readonly items: readonly Message[]
  /** The user's own that are not stored yet, in the order they were sent. */
  readonly pending: readonly Pending[]
  readonly moreBefore: boolean
  readonly moreAfter: boolean
  /** How many messages have arrived beyond the end of `items`; 0 unless `moreAfter`. */
  readonly beyond: number
  readonly loading: Loading | null
  readonly error: ApiError | null
  readonly isLoaded: boolean
  /** The first message that was unread when the chat was opened. */
  readonly firstUnreadId: number | null
  /** The newest message that the other has read. */
  readonly readUpToByOther: number
}
