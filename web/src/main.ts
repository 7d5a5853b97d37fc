import '@/styles/tokens.css'
import '@/styles/base.css'

import { createPinia } from 'pinia'
import { createApp, watch } from 'vue'

import { loadSettings } from '@/api/settings'
import App from '@/App.vue'
import { keepInstallOffer } from '@/composables/useInstall'
import { showLanguage } from '@/i18n'
import { router } from '@/router'
import { usePreferencesStore } from '@/stores/preferences'
import { useServiceWorker } from '@/transport/serviceWorker'

const app = createApp(App)
app.use(createPinia())

const preferences = usePreferencesStore()
watch(
  () => preferences.theme,
  (theme) => {
    if (theme === 'auto') delete document.documentElement.dataset['theme']
    else document.documentElement.dataset['theme'] = theme
  },
  { immediate: true, flush: 'sync' },
)
watch(
  () => preferences.textSize,
  (size) => {
    if (size === 'normal') delete document.documentElement.dataset['textSize']
    else document.documentElement.dataset['textSize'] = size
  },
  { immediate: true, flush: 'sync' },
)
const languageShown = showLanguage(preferences.shownLanguage)
watch(() => preferences.shownLanguage, showLanguage)

await Promise.allSettled([loadSettings(), languageShown])
app.use(router)
await router.isReady().catch(() => {})
app.mount('#app')
keepInstallOffer()
useServiceWorker().start()
