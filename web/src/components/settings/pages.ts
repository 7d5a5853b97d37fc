import { Bell, Hand, KeyRound, Palette, UserRound } from '@lucide/vue'

/** The pages of the settings, in their order. Their routes are called `settings-profile` and so on. */
export const PAGES = [
  { name: 'profile', icon: UserRound },
  { name: 'notifications', icon: Bell },
  { name: 'appearance', icon: Palette },
  { name: 'security', icon: KeyRound },
  { name: 'privacy', icon: Hand },
] as const
