import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Plugin } from 'vite'

const FILE = 'sw.js'

/** The placeholder in the worker's source for the list of files. */
const PLACEHOLDER = '__SHELL__'

/**
 * Build the service worker to `sw.js` in the root of the build, and insert the list of files that make up the client.
 *
 * @param entry the worker's source. It must share no module with the page, as a worker of this kind cannot import.
 * @param extra files of `public/` to list besides everything that is built.
 * @param later matches the paths that are listed apart, to be stored when they are first used.
 */
export function serviceWorker({
  entry,
  extra,
  later,
}: {
  entry: string
  extra: readonly string[]
  later?: RegExp
}): Plugin {
  let root = ''
  let publicDir = ''
  return {
    name: 'service-worker',
    apply: 'build',
    enforce: 'post',
    configResolved(config) {
      root = config.root
      publicDir = config.publicDir
    },
    buildStart() {
      this.emitFile({ type: 'chunk', id: resolve(root, entry), fileName: FILE })
    },
    generateBundle: {
      order: 'post',
      async handler(_, bundle) {
        const worker = bundle[FILE]
        if (worker?.type !== 'chunk') this.error(`${FILE} has not been built`)
        if (worker.imports.length > 0) this.error(`${FILE} shares modules with the page: ${worker.imports.join(', ')}`)

        const files = new Map<string, string | Uint8Array>()
        for (const [path, file] of Object.entries(bundle)) {
          if (path !== FILE) files.set(`/${path}`, file.type === 'chunk' ? file.code : file.source)
        }
        for (const path of extra) files.set(`/${path}`, await readFile(join(publicDir, path)))

        const paths = [...files.keys()].sort()
        const digest = createHash('sha256')
        for (const path of paths)
          digest
            .update(`${path}\0`)
            .update(files.get(path) ?? '')
            .update('\0')
        const shell = {
          version: digest.digest('hex').slice(0, 16),
          files: paths.filter((path) => !later?.test(path)),
          later: paths.filter((path) => later?.test(path)),
        }
        worker.code = worker.code.replaceAll(PLACEHOLDER, JSON.stringify(shell))
      },
    },
  }
}
