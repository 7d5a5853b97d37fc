/**
 * Which room may import which, and that no imports form a circle, types included. An import points down this list or
 * stays within its room; the service worker runs apart from the page and shares only types and pure functions.
 */
const ROOMS = [
  ['app', '^src/(main\\.ts|App\\.vue|router\\.ts)$'],
  ['pages', '^src/(pages|layouts)/'],
  ['components', '^src/components/'],
  ['composables', '^src/composables/'],
  ['stores', '^src/stores/'],
  ['transport, offline, notifications', '^src/(transport|offline|notifications)/'],
  ['events', '^src/events\\.ts$'],
  ['text', '^src/text/'],
  ['i18n', '^src/(i18n\\.ts|locales/)'],
  ['model', '^src/model/'],
  ['api, sw', '^src/(api|sw)/'],
]

module.exports = {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unknown', severity: 'error', from: {}, to: { couldNotResolve: true, path: '^(@/|\\.)' } },
    ...ROOMS.slice(1).map(([room, path], index) => ({
      name: `${room} import nothing above them`,
      severity: 'error',
      from: { path },
      to: {
        path: ROOMS.slice(0, index + 1)
          .map(([, above]) => above)
          .join('|'),
      },
    })),
    {
      name: 'every file has a room',
      severity: 'error',
      from: { pathNot: [...ROOMS.map(([, path]) => path), '^src/sw\\.ts$'].join('|') },
      to: {},
    },
    {
      name: 'the service worker stands apart',
      severity: 'error',
      from: { path: '^src/sw(\\.ts$|/)' },
      to: { path: '^src/', pathNot: '^src/sw/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.app.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.css$' },
  },
}
