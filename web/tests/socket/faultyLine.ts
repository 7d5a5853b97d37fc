import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** How a connection over a {@link FaultyLine} breaks after so many bytes from the server: cut, or silent for ever. */
export interface Fault {
  kind: 'cut' | 'silence'
  afterBytes: number
}

/** A TCP proxy whose connections break when and how a test says. */
export class FaultyLine {
  readonly #server: Server
  readonly #target: string
  readonly #fault: () => Fault | null
  readonly #sockets = new Set<Socket>()
  /** How many connections were cut, and how many fell silent. */
  readonly broken = { cut: 0, silence: 0 }

  private constructor(target: string, fault: () => Fault | null) {
    this.#target = target
    this.#fault = fault
    this.#server = createServer((client) => this.#join(client))
  }

  /**
   * Listen.
   *
   * @param target where the server is.
   * @param fault says how the next connection breaks; null for not at all.
   */
  static async open(target: string, fault: () => Fault | null): Promise<FaultyLine> {
    const line = new FaultyLine(target, fault)
    line.#server.listen(0, '127.0.0.1')
    await once(line.#server, 'listening')
    return line
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(client: Socket): void {
    const { hostname, port } = new URL(this.#target)
    const server = connect(Number(port), hostname)
    const end = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', end)
      socket.on('close', () => this.#sockets.delete(socket))
    }
    client.on('close', end)
    client.pipe(server)
    const fault = this.#fault()
    let left = fault?.afterBytes ?? Number.POSITIVE_INFINITY
    let isOver = false
    server.on('data', (data) => {
      if (isOver) return
      client.write(data.subarray(0, left))
      left -= data.length
      if (fault === null || left > 0) return
      isOver = true
      this.broken[fault.kind] += 1
      if (fault.kind === 'cut') client.end(end)
      else client.unpipe(server)
    })
    server.on('close', () => {
      if (!isOver) client.end(end)
    })
  }
}
