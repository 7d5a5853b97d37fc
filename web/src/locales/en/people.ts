export const people = {
  actions: 'More about {name}',
  gone: 'Deleted account',
}
