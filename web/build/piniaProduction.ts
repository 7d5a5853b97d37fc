import { fileURLToPath, URL } from 'node:url'

import type { Plugin } from 'vite'

const PRODUCTION = new URL('../node_modules/pinia/dist/pinia.esm-browser.prod.js', import.meta.url)

/**
 * Build with pinia's production release. The one that its package names carries the developer tools' way to save files,
 * which no bundler can leave out.
 */
export function piniaProduction(): Plugin {
  return {
    name: 'pinia-production',
    apply: 'build',
    config: () => ({ resolve: { alias: [{ find: /^pinia$/, replacement: fileURLToPath(PRODUCTION) }] } }),
  }
}
