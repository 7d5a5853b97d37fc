/**
 * The cell that an arrow key leads to from `index`: up and down to the nearest of the next row, whatever lies between.
 * `above` where there is no row above; null for other keys.
 */
export function nextCell(cells: readonly HTMLElement[], index: number, key: string): HTMLElement | 'above' | null {
  const last = cells.length - 1
  switch (key) {
    case 'ArrowRight':
      return cells[Math.min(index + 1, last)] ?? null
    case 'ArrowLeft':
      return cells[Math.max(index - 1, 0)] ?? null
    case 'ArrowDown':
      return inNextRow(cells, index, 1) ?? cells[last] ?? null
    case 'ArrowUp':
      return inNextRow(cells, index, -1) ?? 'above'
    default:
      return null
  }
}

function inNextRow(cells: readonly HTMLElement[], index: number, step: 1 | -1): HTMLElement | null {
  const from = cells[index]!.getBoundingClientRect()
  let best: HTMLElement | null = null
  let row: number | undefined
  let distance = Infinity
  for (let at = index + step; cells[at]; at += step) {
    const { top, left } = cells[at]!.getBoundingClientRect()
    if (Math.abs(top - from.top) < 1) continue
    row ??= top
    if (Math.abs(top - row) >= 1) break
    if (Math.abs(left - from.left) < distance) {
      distance = Math.abs(left - from.left)
      best = cells[at]!
    }
  }
  return best
}
