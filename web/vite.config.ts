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

/** The widget library and what uses it: loaded with the first menu or dialog, not with every page. */
const WIDGETS =
  /reka-ui|floating-ui|vueuse|aria-hidden|defu|Dialog|UiConfirm|Menu|Picker|components.(settings|find)|Ui(Choice|Select|Switch)|PersonLine|QrCode|qrcode|InviteButton|NoConversations|MessageBelow|MessageQuote|ReactionBar|linkify|uc.micro|tlds|text.(links|hosts)/

/** What forms and pages share that are seldom opened: fields, the texts that are not on the first page, some icons. */
const FORMS =
  /useBlocking|SidePage|PageState|Ui(Card|Field|Form|Password|PlainPage|Notice)|use(AllTexts|Form|Invitations)|locales.en.(later|auth|emoji|finding|invite|moderation|privacy|problems|profile|rare|report|settings|signOut|values|welcome)|text.(problems|rules|values)|(stores|transport).account|icons.(arrow-right-left|ban|bell|chevron|circle-alert|circle-check|copy|door-open|eye|eye-off|flag|hand|info|key-round|log-out|message-square-x|mic-off|palette|pencil|shield|trash|trash-2|user-plus|user-round|users-round)/

/** What only a chat needs, with a person or in a group. */
const CHAT =
  /components.chat.(?!Emoji|Rich|emoji|MessageBelow|MessageQuote|MessageState|ReactionBar|EmptyState|MessageFailure|ComposerBar|DeleteDialog|MessageDialogs|composition|.*Menu|.*Picker)|pages.messages..id.|people.(PersonActions|PersonStatus)/

/** What only groups need: loaded with the first of them that is opened. */
const GROUPS =
  /components.groups.(?!.*(Dialog|Menu|Items))|transport.(groups|moderation)|model.moderation|stores.groups|locales.en.groups/

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
          groups: [
            { name: 'forms', test: FORMS },
            { name: 'groups', test: GROUPS, minShareCount: 2 },
            { name: 'chat', test: CHAT, priority: 1 },
            {
              name: 'shared',
              test: (id) => ![WIDGETS, FORMS, GROUPS, CHAT].some((others) => others.test(id)),
              minShareCount: 2,
              priority: 2,
            },
          ],
        },
      },
    },
  },
  server: {
    // The server has to see the page's own host, or it takes the page for another site's.
    proxy: {
      '^/(auth|users|files|config\\.json|health)': { target: server, changeOrigin: false },
      '^/(messages|conversations|groups|join|invitations|mentions|unread)': {
        target: server,
        changeOrigin: false,
        ws: true,
        bypass: (request) => (request.headers.accept?.includes('text/html') ? '/index.html' : undefined),
      },
    },
  },
})
