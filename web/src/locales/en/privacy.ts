export const privacy = {
  list: {
    title: 'Blocked people',
    text: 'You do not receive what they write.',
    none: 'You have blocked nobody.',
    since: 'Blocked {time}',
  },
  data: {
    title: 'Your data',
    text: 'All your data in one file, for reading in a browser and for programs.',
    export: 'Download my data',
    tooOften: 'You have downloaded your data a few times already. Try again in an hour.',
  },
  remove: {
    title: 'Delete account',
    text: 'Your name, your picture and everything you wrote will be gone, for others as well. This cannot be undone.',
    open: 'Delete my account',
    confirmTitle: 'Delete your account?',
    password: 'Your password',
    confirm: 'Delete for ever',
    wrong: 'This is not your password.',
    needed: 'Enter your password.',
  },
}
