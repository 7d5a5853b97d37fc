export const signOut = {
  title: 'Sign out and lose what is not sent?',
  simply: 'Sign out?',
  text: 'This is stored on this device alone. Signing out deletes it.',
  nothing: 'Everything is sent by now.',
  messages: '{n} message not sent | {n} messages not sent',
  drafts: '{n} draft | {n} drafts',
  edits: '{n} edit not saved | {n} edits not saved',
  somebody: 'Another conversation',
  others: 'and {n} more conversation | and {n} more conversations',
  waiting: 'Messages that wait are sent as soon as there is a connection, if you stay.',
  stay: 'Stay signed in',
  lose: 'Sign out and delete',
}
