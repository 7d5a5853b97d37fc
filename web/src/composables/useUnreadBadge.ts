import { onScopeDispose, watch } from 'vue'

import { useConversationsStore } from '@/stores/conversations'

import { setTitleCount } from './usePageTitle'

const QUIET = '/favicon.svg'
const UNREAD = '/favicon-unread.svg'

/** Shows how much is unread in the tab's title and icon and on the app's badge, while the caller's scope lives. */
export function useUnreadBadge(): void {
  const conversations = useConversationsStore()
  watch(() => conversations.totalUnread, show, { immediate: true })
  onScopeDispose(() => show(0))
}

function show(count: number): void {
  setTitleCount(count)
  setIcon(count > 0 ? UNREAD : QUIET)
  setAppBadge(count)
}

function setIcon(path: string): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  if (link && link.getAttribute('href') !== path) link.setAttribute('href', path)
}

/** A browser may have the call and still refuse it. The badge is optional, so that is no error. */
function setAppBadge(count: number): void {
  if (!('setAppBadge' in navigator)) return
  const done = count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()
  done.catch(() => undefined)
}
