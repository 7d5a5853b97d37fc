import { nextTick, ref, type Component } from 'vue'
import { createRouter, createWebHistory, type RouteLocationNormalized, type RouteLocationRaw } from 'vue-router'

import { closeForNavigation, keepBack, navigated } from '@/composables/useBackCloses'
import { WIDE } from '@/composables/useMedia'
import DefaultLayout from '@/layouts/DefaultLayout.vue'
import { useAuthStore } from '@/stores/auth'

declare module 'vue-router' {
  interface RouteMeta {
    /** Who may see the page: those signed in, those signed out or, if left out, everybody. */
    access?: 'signed-in' | 'signed-out'
  }
}

/** Set when the code of a page could not be loaded. */
export const pageFailed = ref(false)

keepBack()

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    {
      path: '/',
      component: DefaultLayout as Component,
      meta: { access: 'signed-in' },
      children: [
        { path: '', redirect: { name: 'messages' } },
        { path: 'messages', name: 'messages', component: () => import('@/pages/messages/index.vue') },
        { path: 'messages/:id([1-9]\\d{0,15})', name: 'chat', component: () => import('@/pages/messages/[id].vue') },
        { path: 'groups/:id([1-9]\\d{0,15})', name: 'group', component: () => import('@/pages/groups/[id].vue') },
        {
          path: 'groups/:id([1-9]\\d{0,15})/about',
          name: 'about-group',
          component: () => import('@/pages/groups/about.vue'),
        },
        {
          path: 'groups/:id([1-9]\\d{0,15})/log',
          name: 'group-log',
          component: () => import('@/pages/groups/log.vue'),
        },
        { path: 'people/:id([1-9]\\d{0,15})', name: 'person', component: () => import('@/pages/people/[id].vue') },
        {
          path: 'settings',
          component: () => import('@/pages/settings.vue'),
          children: [
            {
              path: '',
              name: 'settings',
              component: () => import('@/pages/settings/index.vue'),
              // The list is a page of its own only where it is not beside the others.
              beforeEnter: () => (matchMedia(WIDE).matches ? { name: 'settings-profile' } : true),
            },
            { path: 'profile', name: 'settings-profile', component: () => import('@/pages/settings/profile.vue') },
            {
              path: 'notifications',
              name: 'settings-notifications',
              component: () => import('@/pages/settings/notifications.vue'),
            },
            {
              path: 'appearance',
              name: 'settings-appearance',
              component: () => import('@/pages/settings/appearance.vue'),
            },
            { path: 'security', name: 'settings-security', component: () => import('@/pages/settings/security.vue') },
            { path: 'privacy', name: 'settings-privacy', component: () => import('@/pages/settings/privacy.vue') },
          ],
        },
      ],
    },
    {
      path: '/',
      component: () => import('@/layouts/PlainLayout.vue'),
      children: [
        {
          path: 'login',
          name: 'login',
          component: () => import('@/pages/login.vue'),
          meta: { access: 'signed-out' },
        },
        {
          path: 'register',
          name: 'register',
          component: () => import('@/pages/register.vue'),
          meta: { access: 'signed-out' },
        },
        { path: 'join/:code', name: 'join', component: () => import('@/pages/join.vue') },
        { path: 'index.html', redirect: '/' },
        { path: ':path(.*)*', name: 'not-found', component: () => import('@/pages/not-found.vue') },
      ],
    },
  ],
})

/** Return where to go after signing in: the page that was requested, if it is one of the client's. */
export function destination(route: RouteLocationNormalized): RouteLocationRaw {
  const next = route.query['next']
  if (typeof next === 'string' && /^\/(?![/\\])/.test(next)) {
    const found = router.resolve(next)
    if (found.meta.access === 'signed-in' || found.name === 'join') return found.fullPath
  }
  return { name: 'messages' }
}

/** Return a path as the client itself writes it: in small letters, with single slashes and none at its end. */
function canonical(path: string): string {
  return path
    .toLowerCase()
    .replace(/\/{2,}/g, '/')
    .replace(/(?<=.)\/$/, '')
}

router.beforeEach(closeForNavigation)

router.beforeEach((to) => {
  const path = canonical(to.path)
  // A code is no word: its capitals count.
  if (path !== to.path && to.name !== 'join' && router.resolve(path).name !== 'not-found') {
    return { path, query: to.query, hash: to.hash, replace: true }
  }
  const { isSignedIn } = useAuthStore()
  if (to.meta.access === 'signed-in' && !isSignedIn) {
    return { name: 'login', query: to.path === '/' || to.name === 'messages' ? {} : { next: to.fullPath } }
  }
  if (to.meta.access === 'signed-out' && isSignedIn) return destination(to)
  return true
})

/** After a navigation the focus is on the new page's heading, unless the page has put it somewhere itself. */
router.afterEach(async (to, from, failure) => {
  pageFailed.value = false
  navigated()
  if (failure || to.path === from.path || from.matched.length === 0) return
  const before = document.activeElement
  await nextTick()
  if (document.activeElement !== before && document.activeElement !== document.body) return
  document.querySelector<HTMLElement>('main h1[tabindex="-1"]')?.focus({ preventScroll: true })
})

router.onError((error, to) => {
  console.error(error)
  if (router.currentRoute.value.fullPath !== to.fullPath) pageFailed.value = true
})
