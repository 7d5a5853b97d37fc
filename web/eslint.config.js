import javascript from '@eslint/js'
import prettier from 'eslint-config-prettier'
import vue from 'eslint-plugin-vue'
import { defineConfig } from 'eslint/config'
import typescript from 'typescript-eslint'

/** What a browser may refuse, by an error where it is only named. */
const STORES = ['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore']

export default defineConfig(
  { ignores: ['public/', '*.config.js', '.dependency-cruiser.cjs'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  javascript.configs.recommended,
  typescript.configs.recommendedTypeChecked,
  vue.configs['flat/recommended'],
  prettier,
  {
    languageOptions: {
      parserOptions: { parser: typescript.parser, projectService: true, extraFileExtensions: ['.vue'] },
    },
    rules: {
      // TypeScript finds these, and knows the globals of the page and of the worker.
      'no-undef': 'off',
      // To leave something out of an object.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
  {
    // TypeScript alone cannot see into a component, so what comes from one has no type here; vue-tsc checks it.
    files: ['**/*.vue', 'src/main.ts'],
    rules: {
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    // A browser may refuse what is stored or shared between tabs, with an error: each has one place that copes with it.
    files: ['src/**'],
    rules: {
      'no-restricted-globals': ['error', ...STORES.map((name) => ({ name, message: 'Use src/offline/.' }))],
      'no-restricted-properties': [
        'error',
        ...STORES.flatMap((property) =>
          ['window', 'globalThis', 'self'].map((object) => ({ object, property, message: 'Use src/offline/.' })),
        ),
        { object: 'document', property: 'cookie', message: 'Use src/offline/.' },
        { object: 'navigator', property: 'serviceWorker', message: 'Use src/transport/serviceWorker.ts.' },
      ],
    },
  },
  {
    files: ['src/offline/local.ts', 'src/transport/serviceWorker.ts', 'src/sw.ts'],
    rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' },
  },
  // A page is named after its address.
  { files: ['src/pages/**/*.vue'], rules: { 'vue/multi-word-component-names': 'off' } },
  // What stands for an asynchronous function need not wait for anything.
  { files: ['tests/**'], rules: { '@typescript-eslint/require-await': 'off' } },
)
