// A conversation by a client whose types were generated; it throws where something is not as they say.
import assert from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { components, paths } from './generated.ts'

type Schemas = components['schemas']

const baseUrl = process.argv[2] ?? ''

async function signedIn(username: string) {
  const api = createClient<paths>({ baseUrl })
  const account: Schemas['RegisterBody'] = { username, password: 'correct horse', nickname: username }
  const { data: user } = await api.POST('/auth/register', { body: account })
  assert(user)
  const { data: token } = await api.POST('/auth/login', {
    body: { username, password: 'correct horse' },
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  })
  assert(token)
  api.use({
    onRequest({ request }) {
      request.headers.set('Authorization', `Bearer ${token.access_token}`)
    },
  })
  return { api, user }
}

function inWords(event: Schemas['Event']): string {
  switch (event.type) {
    case 'new_message':
    case 'message_edited':
      return `${event.type} ${event.data.content} by ${event.data.sender.username}`
    case 'message_deleted':
      return `${event.type} ${event.data.id > 0} ${event.data.deleted_at.length}`
    case 'reaction':
      return `${event.type} ${event.data.emoji} ${event.data.on}`
    case 'read':
      return `${event.type} ${event.data.reader_id} of ${event.data.user_id}`
    case 'profile':
      return `${event.type} ${event.data.nickname}`
    case 'membership':
      return `${event.type} ${event.data.role}`
    default:
      return event.type
  }
}

const anna = await signedIn('anna')
const ben = await signedIn('benjamin')
const to = { params: { path: { id: ben.user.id } } }

const { response } = await anna.api.GET('/conversations')
const epoch = response.headers.get('Chatd-Epoch')
const since = Number(response.headers.get('Chatd-Cursor'))
assert(epoch)

const { data: sent } = await anna.api.POST('/messages/send/{id}', { ...to, body: { content: 'hello' } })
assert(sent)
const again: Schemas['SendBody'] = { content: 'once', client_id: 'c' }
const { data: first } = await anna.api.POST('/messages/send/{id}', { ...to, body: again })
const { data: second } = await anna.api.POST('/messages/send/{id}', { ...to, body: again })
assert.deepEqual(first, second)
const message = { params: { path: { id: sent.id } } }
await anna.api.PATCH('/messages/{id}', { ...message, body: { content: 'hello!' } })
await ben.api.PUT('/messages/{id}/reactions/{emoji}', { params: { path: { id: sent.id, emoji: '👍' } } })
await ben.api.POST('/messages/read/{id}', { params: { path: { id: anna.user.id } } })
await ben.api.PUT('/users/me', { body: { nickname: 'Ben', bio: null } })
await anna.api.DELETE('/messages/{id}', message)

const { data: page } = await anna.api.GET('/messages/events', { params: { query: { epoch, since, timeout: 0 } } })
assert.deepEqual(page?.events.map(inWords), [
  'new_message  by anna',
  'new_message once by anna',
  'message_edited  by anna',
  'reaction 👍 true',
  `read ${ben.user.id} of ${anna.user.id}`,
  'profile Ben',
  'message_deleted true 24',
])

const { data: list } = await ben.api.GET('/conversations', { params: { query: { limit: 10 } } })
assert.equal(list?.conversations[0]?.user?.nickname, 'anna')
assert.equal(list.conversations[0].last_message?.content, 'once')
const { data: history } = await ben.api.GET('/messages', { params: { query: { user: anna.user.id } } })
assert.deepEqual(history?.items.map(({ deleted_at: at }) => at === null), [false, true])
const { data: people } = await ben.api.GET('/users/', { params: { query: { q: 'ann' } } })
assert.deepEqual(people?.map(({ id }) => id), [anna.user.id])

const nobody = await anna.api.POST('/messages/send/{id}', { params: { path: { id: 999 } }, body: { content: 'x' } })
const expected: Schemas['ErrorCode'] = 'not_found'
assert.equal(nobody.error?.code, expected)
assert.equal(nobody.response.status, 404)
const wrong = await anna.api.POST('/messages/send/{id}', { ...to, body: { content: '' } })
assert(wrong.error?.errors && 'content' in wrong.error.errors)

await ben.api.POST('/auth/logout')
const { error: ended } = await ben.api.GET('/auth/me')
assert.equal(ended?.code, 'not_authenticated')
console.log('all as described')
