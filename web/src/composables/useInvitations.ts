import { computed } from 'vue'

import { settings } from '@/api/settings'
import { useAuthStore } from '@/stores/auth'

/** Whether and how the one who is signed in may bring somebody here. */
export function useInvitations() {
  const auth = useAuthStore()
  const { registration } = settings()
  const needsCode = registration === 'invite'
  const canInvite = computed(() => registration === 'open' || (needsCode && auth.isAdmin))
  return { canInvite, needsCode }
}
