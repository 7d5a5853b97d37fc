export const manners = {
  newVersion: 'A new version is ready',
  reload: 'Reload',
}
