export const people = {
  actions: 'More about {name}',
  block: 'Block',
  unblock: 'Unblock',
  unblockNamed: 'Unblock {name}',
  blockTitle: 'Block {name}?',
  blockText:
    'You will not receive what they write from now on, not even later, and they cannot tell. You can unblock them at any time.',
  blocked: '{name} is blocked',
  unblocked: '{name} is no longer blocked',
  blockedHere: 'You have blocked {name}.',
  gone: 'Deleted account',
  deletedHere: 'This account was deleted.',
  report: 'Report',
}
