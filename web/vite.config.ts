import { fileURLToPath, URL } from 'node:url'

import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

import { precompress } from './build/precompress.ts'
import { serviceWorker } from './build/serviceWorker.ts'

const server = process.env.CHATD_URL ?? 'http://127.0.0.1:8000'

/** The files of public/ that the client shows without the network, too. */
const SHELL = ['favicon.svg', 'favicon-unread.svg', 'manifest.webmanifest']

export default defineConfig({
  plugins: [vue(), serviceWorker({ entry: 'src/sw.ts', extra: SHELL }), precompress()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: false, __VUE_PROD_DEVTOOLS__: false, __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  build: {
    outDir: process.env.CHATD_WEB_OUT ?? '../chatd/static',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      '^/(auth|users|files|config\\.json|health)': server,
      '^/(messages|conversations)': {
        target: server,
        ws: true,
        bypass: (request) => (request.headers.accept?.includes('text/html') ? '/index.html' : undefined),
      },
    },
  },
})
