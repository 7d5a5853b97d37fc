/** What can go wrong between the client and its server. `code` is the stable name, `detail` a sentence for a person. */

interface Problem {
  status: number
  code: string
  detail: string
  errors?: Record<string, string[]>
  retryAfterMs?: number | null
}

/** A REST call that failed. Status 0 and code `network`: the server could not be reached. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly detail: string
  /** What is wrong with each field, if the code is `validation_error`. */
  readonly errors: Record<string, string[]>
  /** How long to wait before the next try, if the server says so. */
  readonly retryAfterMs: number | null

  constructor({ status, code, detail, errors = {}, retryAfterMs = null }: Problem) {
    super(detail)
    this.status = status
    this.code = code
    this.detail = detail
    this.errors = errors
    this.retryAfterMs = retryAfterMs
  }
}

/** A command over the socket that the server refused. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code: string
  readonly detail: string
  readonly retryAfterMs: number | null

  constructor({ code, detail, retryAfterMs = null }: Pick<Problem, 'code' | 'detail' | 'retryAfterMs'>) {
    super(detail)
    this.code = code
    this.detail = detail
    this.retryAfterMs = retryAfterMs
  }
}

/** The connection ended before the answer arrived: the command may or may not have been executed. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'

  constructor() {
    super('The connection to the server is lost.')
  }
}
