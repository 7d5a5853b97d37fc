import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'

import { build } from 'vite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { serviceWorker } from '../../build/serviceWorker.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'chatd-build-'))
  await mkdir(join(root, 'public'))
  await write('index.html', '<!doctype html><script type="module" src="/main.js"></script>')
  await write('main.js', 'import("./late.js")')
  await write('late.js', 'document.title = "late"')
  await write('worker.js', 'self.shell = __SHELL__')
  await write('public/mark.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await write('public/robots.txt', 'User-agent: *')
})

afterEach(() => rm(root, { recursive: true }))

function write(path: string, content: string): Promise<void> {
  return writeFile(join(root, path), content)
}

/** Build it, and return the lists that were inserted into the worker. */
async function built(later?: RegExp): Promise<{ version: string; files: string[]; later: string[] }> {
  await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [serviceWorker({ entry: 'worker.js', extra: ['mark.svg'], ...(later && { later }) })],
  })
  const code = await readFile(join(root, 'dist/sw.js'), 'utf8')
  const self: { shell?: Awaited<ReturnType<typeof built>> } = {}
  runInNewContext(code, { self })
  if (!self.shell) throw new Error(`the worker was told nothing: ${code}`)
  return self.shell
}

describe('the built service worker', () => {
  it('knows all that makes up the client, and nothing else', async () => {
    const { files } = await built()
    expect(files.map((path) => path.replace(/-[\w-]{8}\./, '.'))).toEqual([
      '/assets/index.js',
      '/assets/late.js',
      '/index.html',
      '/mark.svg',
    ])
  })

  it('lists apart what is stored later', async () => {
    const { files, later } = await built(/late-/)
    expect(files.some((path) => path.includes('late-'))).toBe(false)
    expect(later).toEqual([expect.stringMatching(/^\/assets\/late-[\w-]{8}\.js$/)])
  })

  it('is of the same version when nothing has changed', async () => {
    expect(await built()).toEqual(await built())
  })

  it.each([
    ['late.js', 'late"', 'later"'],
    ['index.html', '<script', '<p>New</p><script'],
    ['public/mark.svg', '/>', 'viewBox="0 0 9 9"/>'],
  ])('is of another version when %s has changed', async (path, text, other) => {
    const before = await built()
    await write(path, (await readFile(join(root, path), 'utf8')).replace(text, other))
    expect((await built()).version).not.toBe(before.version)
  })

  it('is refused when it shares code with the page, which it could not import', async () => {
    await write('shared.js', 'export const shared = { at: Date.now() }')
    await write('late.js', 'import { shared } from "./shared.js"; document.title = shared.at')
    await write('worker.js', 'import { shared } from "./shared.js"; self.shell = __SHELL__; self.at = shared.at')
    await expect(built()).rejects.toThrow('shares modules with the page')
  })
})
