/** What the menu of a message offers. Only admins have the last four, which concern the message or its author. */
export type MessageAction =
  'reply' | 'react' | 'edit' | 'copy' | 'select' | 'delete' | 'report' | 'remove' | 'silence' | 'kick' | 'ban'
