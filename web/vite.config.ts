import { fileURLToPath, URL } from 'node:url'

import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

import { emojiData } from './build/emoji.ts'
import { piniaProduction } from './build/piniaProduction.ts'
import { precompress } from './build/precompress.ts'
import { serviceWorker } from './build/serviceWorker.ts'
import { stylesLast } from './build/stylesLast.ts'

const server = process.env.CHATD_URL ?? 'http://127.0.0.1:8000'

/** The files of public/ that the client shows without a network too. */
const SHELL = ['favicon.svg', 'favicon-unread.svg', 'manifest.webmanifest']

/** What is stored when it is first used: most browsers never need the names of the emoji, or not in every language. */
const LATER = /^\/assets\/emoji-/

/** The widget library, what uses it, and forms: loaded with the first menu, dialog or form, not with every page. */
const LAZY =
  /reka-ui|floating-ui|vueuse|aria-hidden|defu|Dialog|UiConfirm|Menu|Picker|components.settings|Ui(Card|Choice|Select|Switch|PlainPage|Field|Form|Password|Notice)|PersonLine|InviteButton|NoConversations|useAllTexts|useForm|locales.en.(later|auth|emoji|finding|invite|privacy|profile|report|settings|signOut|values|welcome)|text.(rules|values)|linkify|uc.micro|tlds|text.(links|hosts)/

export default defineConfig({
  plugins: [
    vue(),
    piniaProduction(),
    stylesLast(),
    emojiData(),
    serviceWorker({ entry: 'src/sw.ts', extra: SHELL, later: LATER }),
    precompress(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false },
  build: {
    outDir: process.env.CHATD_WEB_OUT ?? '../chatd/static',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // Each file of a first visit costs its headers, so what most pages need is one file.
        codeSplitting: {
          groups: [{ name: 'shared', test: (id) => !LAZY.test(id) && !/components.find/.test(id), minShareCount: 2 }],
        },
      },
    },
  },
  server: {
    // The server has to see the page's own host, or it takes the page for another site's.
    proxy: {
      '^/(auth|users|files|config\\.json|health)': { target: server, changeOrigin: false },
      '^/(messages|conversations)': {
        target: server,
        changeOrigin: false,
        ws: true,
        bypass: (request) => (request.headers.accept?.includes('text/html') ? '/index.html' : undefined),
      },
    },
  },
})
