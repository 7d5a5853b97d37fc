export const people = {
  actions: 'More about {name}',
  block: 'Block',
  unblock: 'Unblock',
  blocked: '{name} is blocked',
  unblocked: '{name} is no longer blocked',
  gone: 'Deleted account',
  report: 'Report',
}
