import { computed, shallowRef, type ComputedRef } from 'vue'

/** Chromium's event when the page can be installed as an app. It is in no standard, so TypeScript does not know it. */
interface BeforeInstallPromptEvent extends Event {
  prompt(): Promise<{ outcome: 'accepted' | 'dismissed' }>
}

const offer = shallowRef<BeforeInstallPromptEvent | null>(null)
const canInstall = computed(() => offer.value !== null)

/** Keep the browser's offer, which comes once, long before anybody opens the settings. */
export function keepInstallOffer(): void {
  window.addEventListener('beforeinstallprompt', (event) => {
    event.preventDefault()
    offer.value = event as BeforeInstallPromptEvent
  })
  window.addEventListener('appinstalled', () => {
    offer.value = null
  })
}

/** Ask the browser to install, inside a click. Resolves to whether the user agreed. An offer can be used once. */
async function install(): Promise<boolean> {
  const event = offer.value
  if (!event) return false
  offer.value = null
  const { outcome } = await event.prompt()
  return outcome === 'accepted'
}

/** Installs the client as an app, where the browser offers that. */
export function useInstall(): { canInstall: ComputedRef<boolean>; install: () => Promise<boolean> } {
  return { canInstall, install }
}
