export const values = {
  common: 'This password is too common. Choose another.',
  likeUsername: 'The password must not be the username.',
  scripts: 'Use letters and digits of one script only: some of others look the same.',
  invisible: 'Leave out invisible characters and those that turn the text around.',
  length: 'This is too short or too long.',
  other: 'The server does not accept this. Enter something else.',
}
