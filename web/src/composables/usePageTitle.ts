import { onScopeDispose, toValue, watchEffect, type MaybeRefOrGetter } from 'vue'

import { settings } from '@/api/settings'
import { isolate } from '@/i18n'
import { shortCount } from '@/text/counts'

let page = ''
let unread = 0

/** Who set the title last: a page that is left must not clear what the next one has already set. */
let owner: symbol | null = null

/** Return the document's title: the number of unread messages, the page and the app. */
export function titleOf(title: string, count: number): string {
  const community = settings().name
  const name = title ? `${isolate(title)} · ${community}` : community
  return count > 0 ? `(${shortCount(count)}) ${name}` : name
}

/** Shows the page's title in the document's while the caller's scope lives. */
export function usePageTitle(title: MaybeRefOrGetter<string>): void {
  const self = Symbol()
  owner = self
  watchEffect(() => {
    const text = toValue(title)
    if (owner === self) show(text, unread)
  })
  onScopeDispose(() => {
    if (owner === self) show('', unread)
  })
}

/** Show in the title how many messages are unread. */
export function setTitleCount(count: number): void {
  show(page, count)
}

function show(title: string, count: number): void {
  page = title
  unread = count
  document.title = titleOf(page, unread)
}
