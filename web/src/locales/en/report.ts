export const report = {
  person: 'Report {name}?',
  which: 'Choose a message that shows what is wrong. The administrators of this server will see it.',
  nothing: 'There is no message from this person in your conversation that could be reported.',
  title: 'Report this message?',
  text: 'The administrators of this server get a copy of the message and your reason.',
  reason: 'What is wrong with it?',
  reasonNeeded: 'Say in a few words what is wrong.',
  reasonLong: 'Use at most {max} characters.',
  done: 'Reported. Thank you.',
  deleted: 'This message was deleted.',
}
