/** Texts of what the first page has that only dialogs and seldom states of it need. */
export const rare = {
  chat: {
    failed: {
      retry: 'Retry',
      discard: 'Discard',
    },
    copied: 'Copied',
    copyFailed: 'The browser does not allow copying.',
    editing: 'Editing',
    replyingTo: 'Replying to {name}',
    replyToSelf: 'Replying to yourself',
    cancel: 'Cancel',
    delete: 'Delete',
    selectText: 'Select text',
    noPerson: 'There is no such person',
    noPersonHint: 'The address may be wrong, or the account is gone.',
    self: 'This is you',
    selfHint: 'You cannot write to yourself here.',
    toList: 'To the conversations',
    deleteTitle: 'Delete this message?',
    deleteText: 'It will be deleted for both of you. This cannot be undone.',
    deleteForAll: 'It will be deleted for everybody. This cannot be undone.',
    unsaved: {
      deleted: 'This message was deleted meanwhile. Your text is still here.',
      offline: 'Not saved yet: there is no connection. It is saved when you are back.',
      rate_limited: 'Not saved: that was too fast. Wait a moment.',
      refused: 'Not saved: the server does not accept this change.',
      again: 'Save again',
      sendAsNew: 'Send as a new message',
    },
  },
  manners: {
    install: 'Install {name}',
    installHint: 'Opens {name} in a window of its own, like any other app.',
  },
  people: {
    block: 'Block',
    unblock: 'Unblock',
    blocked: '{name} is blocked',
    unblocked: '{name} is no longer blocked',
    report: 'Report',
    blockTitle: 'Block {name}?',
    blockText:
      'You will not receive what they write from now on, not even later, and they cannot tell. You can unblock them at any time.',
    unblockNamed: 'Unblock {name}',
    deletedHere: 'This account was deleted.',
    blockedHere: 'You have blocked {name}.',
  },
  shell: {
    close: 'Close',
    cancel: 'Cancel',
    notFound: {
      title: 'Page not found',
      text: 'There is nothing at this address.',
      home: 'Go to your messages',
    },
  },
  conversations: {
    emptyHint: 'Find a person and say hello.',
  },
  errors: {
    rateLimited: 'Too many attempts. Try again {when}.',
    server: 'Something went wrong on the server. Try again in a moment.',
    unexpected: 'Something went wrong. Try again.',
  },
}
