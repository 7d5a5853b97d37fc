import { onScopeDispose, toValue, watchEffect, type MaybeRefOrGetter } from 'vue'

const NAME = 'chatd'

let page = ''
let unread = 0

/** Who wrote the title last: a page that leaves must not wipe what the next one has written before. */
let owner: symbol | null = null

/** The document's title: how much is unread, what the page is about, and whose it is. */
export function titleOf(title: string, count: number): string {
  const name = title ? `${title} · ${NAME}` : NAME
  return count > 0 ? `(${count > 99 ? '99+' : count}) ${name}` : name
}

/** Names the page in the document's title for as long as the caller's scope lives. */
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

/** Tells the title how many messages are unread. */
export function setTitleCount(count: number): void {
  show(page, count)
}

function show(title: string, count: number): void {
  page = title
  unread = count
  document.title = titleOf(page, unread)
}
