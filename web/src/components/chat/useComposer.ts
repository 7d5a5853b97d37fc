import { computed, watch } from 'vue'

import type { Message } from '@/api/wire'
import { LIMITS } from '@/model/limits'
import { inFront, useComposersStore } from '@/stores/composers'
import { type Chat, useMessagesStore } from '@/stores/messages'
import { countCodePoints, toContent } from '@/text/content'

import { useOneMessage } from './useOneMessage'

/** Why an edit is not saved. */
export type Problem = 'deleted' | 'offline' | 'rate_limited' | 'refused'

/** The number of remaining characters is shown from this length on. */
const NEAR_LIMIT = LIMITS.content - 200

const GONE: ReadonlySet<string> = new Set(['message_deleted', 'not_found'])

/** What is being written in a chat: the text in the field, what it edits or answers, and sending or saving it. */
export function useComposer(chat: Chat, me: number) {
  const { place } = chat
  const composers = useComposersStore()
  const messages = useMessagesStore()

  const draft = computed(() => composers.of(place))
  const edit = computed(() => inFront(draft.value))
  const replyTo = computed(() => (edit.value ? null : draft.value.replyTo))
  const about = useOneMessage(chat, () => edit.value?.id ?? replyTo.value?.id ?? null)

  const text = computed({
    get: () => edit.value?.text ?? draft.value.text,
    set: (value) => composers.write(place, value),
  })
  const content = computed(() => toContent(text.value))
  /** How many more characters the text may have; null far from the limit. */
  const left = computed(() => {
    const left = text.value.length < NEAR_LIMIT ? LIMITS.content : LIMITS.content - countCodePoints(content.value)
    return left < LIMITS.content - NEAR_LIMIT ? left : null
  })
  const problem = computed((): Problem | null => {
    if (!edit.value) return null
    const { failure } = edit.value
    if (about.isGone.value || (failure !== null && GONE.has(failure))) return 'deleted'
    if (failure === null || failure === 'offline' || failure === 'rate_limited') return failure
    return 'refused'
  })
  const isSaving = computed(() => edit.value !== null && composers.isSaving(edit.value.id))
  const isWhole = computed(() => content.value !== '' && (left.value ?? 0) >= 0)
  const isSendable = computed(() => isWhole.value && problem.value !== 'deleted')

  // The answer to a save may have been lost with the line or the page; the message itself shows that it was done.
  watch(
    () => about.message.value?.content,
    (stored) => {
      const { original = '', text = '', id = 0 } = edit.value ?? {}
      if (id > 0 && text !== original && stored === toContent(text)) composers.dropEdit(place, id)
    },
    { immediate: true },
  )

  /** Send the message or save the edit. Returns whether there is a new message. */
  function submit(): boolean {
    if (!isSendable.value) return false
    if (edit.value) {
      if (content.value === (about.message.value?.content ?? edit.value.original)) cancel()
      else void composers.save(place, edit.value)
      return false
    }
    messages.send(place, content.value, about.isMissing.value ? null : (replyTo.value?.id ?? null))
    composers.dropMessage(place)
    return true
  }

  /** Send what was meant to be an edit as a message. */
  function sendAsNew(): void {
    if (!edit.value || !isWhole.value) return
    messages.send(place, content.value, about.message.value?.reply_to ?? null)
    composers.dropEdit(place, edit.value.id)
  }

  /** Leave the edit, or the reply. */
  function cancel(): void {
    if (edit.value) composers.dropEdit(place, edit.value.id)
    else composers.dropReply(place)
  }

  /** Edit the user's last message. Returns whether there is one, which only the end of the history tells. */
  function editLast(): boolean {
    if (chat.moreAfter) return false
    const last = chat.items.findLast(({ sender_id, deleted_at }) => sender_id === me && deleted_at === null)
    if (last) composers.edit(place, last)
    return last !== undefined
  }

  return {
    text,
    left,
    edit,
    replyTo,
    about: about.message,
    isGone: about.isGone,
    problem,
    isSaving,
    isWhole,
    isSendable,
    submit,
    sendAsNew,
    cancel,
    editLast,
    begin: (message: Message) => composers.edit(place, message),
    reply: (message: Message) => composers.reply(place, message),
  }
}
