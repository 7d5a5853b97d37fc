import type { Plugin } from 'vite'

const STYLESHEET = /\s*<link rel="stylesheet"[^>]*>/g

/**
 * Move the page's style sheet behind what the page shows at once, which would otherwise wait for it. The scripts still
 * run only when it is there.
 */
export function stylesLast(): Plugin {
  return {
    name: 'styles-last',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html) {
        const links = html.match(STYLESHEET) ?? []
        return html.replace(STYLESHEET, '').replace('</body>', `${links.map((link) => link.trim()).join('')}</body>`)
      },
    },
  }
}
