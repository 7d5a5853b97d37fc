export const manners = {
  newVersion: 'A new version is ready',
  reload: 'Reload',
  install: 'Install {name}',
  installHint: 'Opens {name} in a window of its own, like any other app.',
}
