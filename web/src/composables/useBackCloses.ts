import { onScopeDispose, watch } from 'vue'

/**
 * The browser's Back closes what is open above a page before it leaves the page.
 *
 * Each thing that is open, the lowest first, has an entry of the history whose state says how many there are. Whatever
 * changes on either side, the other follows: Back closes what its entry no longer counts, and what closes otherwise
 * takes its entry away. An entry met later, by Forward or a reload, counts what is open no more, and is left again.
 */
interface Layer {
  close(): void
}

/** In the state of a history entry: how many layers are open there. */
const COUNT = 'layers'
/** In the state of an entry, from the router: the page's place in the history. */
const POSITION = 'position'
/** How long the browser may take to go back, in milliseconds, before a navigation no longer waits for it. */
const PATIENCE = 1000
/** How long what takes an entry over may have to load, in milliseconds. */
const LOADING = 1000

const layers: Layer[] = []
/** Whether the history was asked to go back and has not said that it did, and how many layers are open where it leads. */
let isLeaving = false
let goal = 0
let timer: ReturnType<typeof setTimeout> | undefined
let position: unknown
const settled: (() => void)[] = []

const read = (state: unknown, name: string): unknown => (state as Record<string, unknown> | null)?.[name]

function counted(state: unknown): number {
  const count = read(state, COUNT)
  return typeof count === 'number' ? count : 0
}

function adjust(): void {
  clearTimeout(timer)
  timer = undefined
  if (isLeaving) return
  const count = counted(history.state)
  for (let next = count + 1; next <= layers.length; next += 1)
    history.pushState({ ...(history.state as object | null), [COUNT]: next }, '')
  if (count > layers.length) {
    isLeaving = true
    goal = layers.length
    history.go(goal - count)
    return
  }
  for (const resolve of settled.splice(0)) resolve()
}

function adjustSoon(delay = 0): void {
  clearTimeout(timer)
  timer = setTimeout(adjust, delay)
}

/** What has just closed has made room for something that may have to load first, and that takes its entry over. */
export function handBackOver(): void {
  adjustSoon(LOADING)
}

function closeAbove(count: number): void {
  while (layers.length > count) layers.pop()?.close()
}

function onPopstate(event: PopStateEvent): void {
  const count = counted(event.state)
  // What has opened since it was asked to go back has no entry yet, and stays.
  const isOwn = isLeaving && count === goal
  isLeaving = false
  const isSamePage = read(event.state, POSITION) === position
  position = read(event.state, POSITION)
  // Nothing has changed for the router, and a navigation of its own that it is about to make would be given up.
  if (isSamePage) event.stopImmediatePropagation()
  if (!isOwn) closeAbove(count)
  adjust()
}

/** Begin before the router looks at the history, and tell it `navigated` when it shows a page. */
export function keepBack(): void {
  window.addEventListener('popstate', onPopstate, { capture: true })
}

export function navigated(): void {
  position = read(history.state, POSITION)
}

/** Close everything, and wait until its entries are gone: a page shown then takes their place. */
export async function closeForNavigation(): Promise<void> {
  closeAbove(0)
  if (!isLeaving && counted(history.state) === 0) return
  await new Promise<void>((resolve) => {
    settled.push(resolve)
    setTimeout(resolve, PATIENCE)
    adjust()
  })
}

/** While `isOpen`, Back calls `close`, which has to make it false. */
export function useBackCloses(isOpen: () => boolean, close: () => void): void {
  const layer: Layer = { close }

  function leave(): void {
    const index = layers.indexOf(layer)
    if (index < 0) return
    layers.splice(index, 1)
    adjustSoon()
  }

  watch(
    isOpen,
    (open) => {
      if (!open) return leave()
      layers.push(layer)
      adjustSoon()
    },
    { immediate: true, flush: 'sync' },
  )
  onScopeDispose(leave)
}
