"""What is told to somebody to whom something was done in a group."""

from datetime import datetime

from chatd.client import Moderated

#: What was done, by its kind, and that it was taken back.
_DONE = {
    "kick": ("You were put out of {}", "You are in {} again"),
    "ban": ("You may not be in {}", "You may be in {} again"),
    "silence": ("You may not write in {}", "You may write in {} again"),
    "remove": ("A message of yours was removed in {}", "A message of yours is there again in {}"),
}


def news_of(event: Moderated, group: str, now: datetime) -> str:
    """Return an action in one sentence, as the one concerned reads it.

    :param group: what the group is called.
    """
    done, undone = _DONE.get(event.kind, ("Something was done to you in {}", "Something was taken back in {}"))
    if event.undone:
        return undone.format(group)
    sentence = done.format(group)
    if event.until is not None:
        until = event.until.astimezone()
        is_today = until.date() == now.astimezone().date()
        sentence += f" until {until:%H:%M}" if is_today else f" until {until.day} {until:%B}, {until:%H:%M}"
    return f"{sentence}: {event.reason}" if event.reason else sentence
