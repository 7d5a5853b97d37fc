// A durable chat on Socket.IO: what has come in one turn of the loop is stored in one transaction, synced to disk,
// and then acknowledged and delivered. Usage: node server.mjs PORT DATABASE PACKAGES
import { createRequire } from 'node:module'
import { createServer } from 'node:http'

const [port, database, packages] = process.argv.slice(2)
const require = createRequire(packages + '/')
const { Server } = require('socket.io')
const Database = require('better-sqlite3')

// As many as chatd puts into one commit.
const BATCH_LIMIT = 512

const db = new Database(database)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.exec(`
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY, sender_id INTEGER NOT NULL, receiver_id INTEGER NOT NULL,
    content TEXT NOT NULL, created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_pair ON messages (sender_id, receiver_id, id);
`)
const insert = db.prepare(
  'INSERT INTO messages (sender_id, receiver_id, content, created_at) VALUES (?, ?, ?, ?)'
)
const store = db.transaction(batch => {
  for (const one of batch) {
    one.message.id = insert.run(
      one.message.sender_id, one.message.receiver_id, one.message.content, Date.parse(one.message.created_at)
    ).lastInsertRowid
  }
})

const http = createServer()
const io = new Server(http, { transports: ['websocket'], serveClient: false })

let waiting = []

function commit() {
  const batch = waiting.splice(0, BATCH_LIMIT)
  store(batch)
  for (const { message, ack, to } of batch) {
    to.emit('new_message', message)
    ack({ message })
  }
  if (waiting.length) setImmediate(commit)
}

io.use((socket, next) => {
  const id = Number(socket.handshake.auth.token)
  if (!Number.isSafeInteger(id)) return next(new Error('not authenticated'))
  socket.data.id = id
  next()
})

io.on('connection', socket => {
  const { room: own } = socket.handshake.auth
  socket.join(own ? `room ${own}` : `user ${socket.data.id}`)
  socket.on('send', (data, ack) => {
    const { room, content } = data
    const to = room ?? data.to
    if (!Number.isSafeInteger(to) || (room && !socket.rooms.has(`room ${room}`)) || typeof content !== 'string' || !content || content.length > 2000)
      return ack({ error: 'validation_error' })
    waiting.push({
      message: { id: 0, sender_id: socket.data.id, receiver_id: to, content, created_at: new Date().toISOString() },
      to: room ? socket.to(`room ${room}`) : io.to(`user ${to}`),
      ack
    })
    if (waiting.length === 1) setImmediate(commit)
  })
})

http.listen(Number(port), '127.0.0.1')
