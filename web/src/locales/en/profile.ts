export const profile = {
  page: 'Profile',
  pageFailed: 'This profile could not be loaded.',
  write: 'Write',
  read: 'Show the conversation',
  editSelf: 'Edit my profile',
  about: 'About',
  since: 'Here since',
}
