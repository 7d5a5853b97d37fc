export const welcome = {
  title: 'You are the administrator',
  text: 'Yours is the first account here. What comes next:',
  invite: {
    open: 'Invite people: whoever has the link can make an account.',
    invite: 'Invite people: each needs a link with a code, which you make here.',
    closed: 'Make accounts for people, with chatd user add NAME on the server: registration is closed.',
  },
  name: 'Give the community a name and a picture: name and picture under [web] in chatd.toml.',
  named: 'Give {name} a picture, if it has none yet: picture under [web] in chatd.toml.',
  backUp: 'Keep a backup elsewhere: chatd makes one every day, and chatd backup FILE makes another.',
}
