/** What can be done with a message from its menu; the last four are an admin's, to a message or to who wrote it. */
export type MessageAction =
  'reply' | 'react' | 'edit' | 'copy' | 'select' | 'delete' | 'report' | 'remove' | 'silence' | 'kick' | 'ban'
