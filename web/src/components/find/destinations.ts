import { LogOut, Settings, SquarePen, UserRound } from '@lucide/vue'
import { computed, type Component, type ComputedRef } from 'vue'
import { useRouter } from 'vue-router'

import type { Brief } from '@/api/wire'
import { useAllTexts } from '@/composables/useAllTexts'
import { personRoute } from '@/composables/useChatRoute'
import { useFind } from '@/composables/useFind'
import { useSignOut } from '@/composables/useSignOut'
import { type AnyKey } from '@/i18n'
import { useAuthStore } from '@/stores/auth'

/** A page, or what can be done from anywhere. */
export interface Destination {
  id: string
  label: string
  icon?: Component
  /** The picture of a group, in the place of an icon. */
  face?: Brief
  go: () => void
}

/** Every page and action there is, in the language shown. */
export function useDestinations(): ComputedRef<Destination[]> {
  const { t } = useAllTexts()
  const router = useRouter()
  const auth = useAuthStore()
  const { find } = useFind()
  const { ask } = useSignOut()

  /** The pages of the settings are those that there are routes to, and have a title each. */
  function settingsPages(): Destination[] {
    const title = t('settings.title')
    return router.getRoutes().flatMap(({ name }) => {
      const page = typeof name === 'string' && name.startsWith('settings-') ? name.slice('settings-'.length) : ''
      if (!page) return []
      const label = `${title}: ${t(`settings.${page}.title` as AnyKey)}`
      return { id: `settings-${page}`, label, icon: Settings, go: () => void router.push({ name: `settings-${page}` }) }
    })
  }

  return computed(() => [
    { id: 'new', label: t('conversations.new'), icon: SquarePen, go: () => find() },
    { id: 'settings', label: t('settings.title'), icon: Settings, go: () => void router.push({ name: 'settings' }) },
    ...settingsPages(),
    {
      id: 'self',
      label: t('finding.ownPage'),
      icon: UserRound,
      go: () => void router.push(personRoute(auth.user?.id ?? 0)),
    },
    { id: 'sign-out', label: t('settings.account.signOut'), icon: LogOut, go: () => void ask() },
  ])
}
