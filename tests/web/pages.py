"""The pages as a person knows them: by what is written on them and what they are called."""

import re
from typing import Literal

from playwright.async_api import FilePayload, Locator, Page, expect

#: The states of one's own message that is stored.
STORED = re.compile("^(sent|read)$")

#: What the menu of a message has.
Action = Literal[
    "Reply", "React", "Edit", "Copy", "Select text", "Report", "Delete", "Remove message", "Silence", "Ban"
]


def starting(name: str) -> re.Pattern[str]:
    """Return a pattern for what begins with ``name``, as a whole word."""
    return re.compile(rf"^{re.escape(name)}(?!\w)")


class Entrance:
    """Signing in, and making an account."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sign_in_heading = page.get_by_role("heading", name="Sign in")
        self.register_heading = page.get_by_role("heading", name="Create an account")
        self.username = page.get_by_label("Username", exact=True)
        self.nickname = page.get_by_label("Nickname", exact=True)
        self.password = page.get_by_label("Password", exact=True)
        self.invitation = page.get_by_label("Invitation code")
        self.sign_in_button = page.get_by_role("button", name="Sign in")
        self.register_button = page.get_by_role("button", name="Create account")

    async def sign_in(self, username: str, password: str) -> None:
        """Fill the form in and send it."""
        await self.username.fill(username)
        await self.password.fill(password)
        await self.sign_in_button.click()

    async def register(self, username: str, nickname: str, password: str, invitation: str | None = None) -> None:
        """Fill the form in and send it."""
        await self.username.fill(username)
        await self.nickname.fill(nickname)
        await self.password.fill(password)
        if invitation is not None:
            await self.invitation.fill(invitation)
        await self.register_button.click()


class Navigation:
    """What is there on every page of somebody signed in."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.bar = page.get_by_role("navigation", name="Main")
        self.messages = self.bar.get_by_role("link", name=starting("Messages"))
        self.settings = self.bar.get_by_role("link", name="Settings")
        self.account = self.bar.get_by_role("button", name=re.compile("^Account"))
        self.reconnecting = page.get_by_role("status").filter(has_text=re.compile("Reconnecting|Offline"))

    async def choose(self, action: Literal["Profile", "Settings", "Sign out"]) -> None:
        """Choose from one's own menu."""
        await self.account.click()
        await self.page.get_by_role("menuitem", name=action, exact=True).click()

    def unread(self, count: int) -> Locator:
        """Return the link to the messages, with this many of them unread."""
        name = f"Messages, {count} unread" if count else "Messages"
        return self.bar.get_by_role("link", name=name, exact=True)


class ConversationList:
    """The list of conversations, and finding a person to begin one."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.list = page.get_by_role("list", name="Conversations")
        self.new = page.get_by_role("button", name="New conversation")
        self.dialog = page.get_by_role("dialog", name="Find a person")
        self.search = self.dialog.get_by_role("combobox", name="Search people")
        self.people_list = self.dialog.get_by_role("listbox", name="People")
        self.people = self.people_list.get_by_role("option")

    def of(self, nickname: str) -> Locator:
        """Return the entry of a conversation."""
        return self.list.get_by_role("link", name=starting(nickname))

    def result(self, nickname: str) -> Locator:
        """Return somebody who was found."""
        return self.people.filter(has=self.page.get_by_text(nickname, exact=True))

    async def find(self, query: str, nickname: str) -> None:
        """Search for somebody and open the conversation with them."""
        await self.new.click()
        await self.search.fill(query)
        # What an earlier text has found moves when the answer comes.
        await expect(self.people_list).to_have_attribute("aria-busy", "false")
        await self.result(nickname).click()


class Chat:
    """A conversation."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log", name="Messages")
        self.messages = self.log.get_by_role("article")
        self.box = page.get_by_role("textbox", name="Message", exact=True)
        self.send_button = page.get_by_role("button", name=re.compile("^(Send|Save)$"))
        self.divider = self.log.get_by_role("separator", name="New messages")
        self.newer = page.get_by_role("button", name=re.compile(r"\d+ new message"))

    def heading(self, nickname: str) -> Locator:
        """Return the heading that says with whom this is."""
        return self.page.get_by_role("heading", name=nickname)

    def message(self, text: str | re.Pattern[str]) -> Locator:
        """Return the message that has ``text`` in it."""
        return self.messages.filter(has_text=text)

    def by_id(self, message_id: int) -> Locator:
        """Return a message by its id."""
        return self.log.locator(f'[data-message-id="{message_id}"]')

    async def say(self, text: str) -> None:
        """Write a message, or its new text, and press the button."""
        await self.box.fill(text)
        await self.send_button.click()

    async def tell(self, text: str) -> None:
        """Write a message, press the button, and see that it is stored."""
        await self.say(text)
        await expect(self.message(text)).to_have_attribute("data-state", STORED)

    async def act(self, message: Locator, action: Action) -> None:
        """Choose from a message's menu."""
        await self.open_menu(message)
        await self.page.get_by_role("menuitem", name=action, exact=True).click()

    @staticmethod
    async def open_menu(message: Locator) -> None:
        """Open a message's menu by the button that shows beside the message in use."""
        await message.focus()
        await message.get_by_role("button", name="Message actions").click()

    async def edit(self, message: Locator, text: str) -> None:
        """Give one's own message another text."""
        await self.act(message, "Edit")
        await expect(self.page.get_by_text("Editing")).to_be_visible()
        await self.say(text)

    async def delete(self, message: Locator) -> None:
        """Delete one's own message."""
        await self.act(message, "Delete")
        dialog = self.page.get_by_role("alertdialog").or_(self.page.get_by_role("dialog"))
        await expect(dialog).to_have_accessible_name("Delete this message?")
        await dialog.get_by_role("button", name="Delete").click()

    async def reply(self, message: Locator, nickname: str, text: str) -> None:
        """Answer a message of ``nickname``'s."""
        await self.act(message, "Reply")
        await expect(self.page.get_by_text(f"Replying to {nickname}")).to_be_visible()
        await self.say(text)

    async def react(self, message: Locator, emoji: str) -> None:
        """Choose a reaction from the picker."""
        await self.act(message, "React")
        await self.page.get_by_role("button", name=f"React with {emoji}").click()

    @staticmethod
    def reaction(message: Locator, emoji: str, count: int) -> Locator:
        """Return a reaction that this many people chose."""
        return message.get_by_role("button", name=f"{emoji} {count}")


class Groups:
    """Groups: their chats, and the pages about them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.log = page.get_by_role("log", name="Messages")

    async def open(self, group: int) -> None:
        """Go to a group's chat by its address."""
        await self.page.goto(f"/groups/{group}")

    async def deal_with(self, nickname: str, action: Literal["Silence", "Ban", "Remove from the group"]) -> None:
        """Choose from the menu of a member on a group's page."""
        await self.page.get_by_role("button", name=f"What to do with {nickname}").click()
        await self.page.get_by_role("menuitem", name=action).click()

    async def confirm(self, action: str, reason: str = "") -> None:
        """Give a reason in the dialog of an action, and press its button."""
        dialog = self.page.get_by_role("dialog")
        await dialog.get_by_label("Reason").fill(reason)
        await dialog.get_by_role("button", name=action, exact=True).click()
        await expect(dialog).to_have_count(0)

    def line(self, text: str | re.Pattern[str]) -> Locator:
        """Return a line of the log that is no message."""
        return self.page.get_by_text(text, exact=True)


#: The pages of the settings.
Part = Literal["profile", "notifications", "appearance", "security", "privacy"]


class Settings:
    """The settings: a page each, which a phone shows behind a list of them and a desk beside it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", name="Settings")
        self.first_page = page.get_by_role("heading", name="Profile", exact=True)
        self.pages = page.get_by_role("navigation", name="Pages of the settings")
        self.back = page.get_by_role("link", name="Back to the settings")
        self.nickname = page.get_by_label("Nickname", exact=True)
        self.bio = page.get_by_label("About you", exact=True)
        self.avatar = page.get_by_label("Avatar")
        self.save = page.get_by_role("button", name="Save")
        self.current_password = page.get_by_label("Current password")
        self.new_password = page.get_by_label("New password")
        self.change_password = page.get_by_role("button", name="Change password")
        self.end_session = page.get_by_role("button", name=re.compile("End this session"))
        self.notifications = page.get_by_role("switch", name="Notifications")
        self.sign_out = page.get_by_role("main").get_by_role("button", name="Sign out")
        self.signing_out = page.get_by_role("dialog", name="Sign out and lose what is not sent?")
        self.stay = self.signing_out.get_by_role("button", name="Stay signed in")
        self.sign_out_anyway = self.signing_out.get_by_role("button", name="Sign out and delete")

    async def open(self, part: Part) -> None:
        """Go to one of the pages by its address."""
        await self.page.goto(f"/settings/{part}")

    async def upload(self, picture: bytes) -> None:
        """Choose a picture of oneself."""
        file: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": picture}
        await self.avatar.set_input_files(file)

    async def choose(self, label: Literal["Language", "语言", "Theme", "Text size", "Clock"], value: str) -> None:
        """Choose a preference, by a select or by a radio button."""
        group = self.page.get_by_role("radiogroup", name=label)
        select = self.page.get_by_role("combobox", name=label)
        await expect(group.or_(select)).to_be_visible()
        if await group.count():
            await group.get_by_role("radio", name=value, exact=True).check(force=True)
        else:
            await select.select_option(label=value)


async def expect_signed_out(page: Page, reason: str) -> None:
    """Expect the login page to say why it is shown."""
    await page.wait_for_url("**/login**")
    await expect(page.get_by_text(re.compile(reason, re.IGNORECASE))).to_be_visible()
    assert await page.evaluate("localStorage.getItem('chatd.auth')") is None


async def confirm(page: Page) -> None:
    """Confirm in a dialog, where one asks."""
    dialog = page.get_by_role("alertdialog").or_(page.get_by_role("dialog"))
    if await dialog.count():
        await dialog.get_by_role("button", name=re.compile("End")).click()
