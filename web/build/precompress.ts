import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

import type { Plugin } from 'vite'

const COMPRESSIBLE = /\.(css|html|js|json|svg|webmanifest)$/

/** Below this many bytes, compression saves less than its headers cost. */
const SMALLEST = 1024

const brotli = promisify(brotliCompress)
const deflate = promisify(gzip)

/** Write a `.br` and a `.gz` copy beside every file of the build that compression makes smaller. */
export function precompress(): Plugin {
  let directory = ''
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      directory = resolve(config.root, config.build.outDir)
    },
    async closeBundle() {
      const entries = await readdir(directory, { recursive: true })
      await Promise.all(
        entries.filter((entry) => COMPRESSIBLE.test(entry)).map((entry) => compress(join(directory, entry))),
      )
    },
  }
}

async function compress(path: string): Promise<void> {
  if ((await stat(path)).size < SMALLEST) return
  const content = await readFile(path)
  const copies = {
    br: await brotli(content, { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }),
    gz: await deflate(content, { level: constants.Z_BEST_COMPRESSION }),
  }
  for (const [extension, copy] of Object.entries(copies)) {
    if (copy.length < content.length) await writeFile(`${path}.${extension}`, copy)
  }
}
