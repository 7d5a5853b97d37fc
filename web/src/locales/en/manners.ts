export const manners = {
  newVersion: 'A new version is ready',
  reload: 'Reload',
  install: 'Install chatd',
  installHint: 'Opens chatd in a window of its own, like any other app.',
}
