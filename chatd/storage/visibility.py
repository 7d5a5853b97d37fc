"""What a person sees of conversations: all of the SQL that decides it, and all that names its columns.

Three things decide. A *stay* is one membership, from joining to leaving: only its part of the change log is there for
the member, and of the messages those from its ``visible_from`` on, whatever becomes of others meanwhile. What somebody
does while they are blocked is *hidden* from the blocker, for ever, and only in private conversations are things hidden.
And a *version* is what the blocker goes on seeing of a message that the blocked edit.

Everything else that reads messages, reactions or the change log composes its statements of these pieces. They are SQL,
never values. Unless an argument says otherwise, ``c`` is the conversation's row, ``m`` the message's, ``mine`` the
viewer's stay.

Longer than 300 lines: it is the one place.
"""

from collections.abc import Iterable

from chatd.storage.engine import Sql


def present(stay: str) -> str:
    """Return the condition that a stay has not ended.

    :param stay: the alias of the row of ``memberships``.
    """
    return f"{stay}.left_seq IS NULL"


def sees(row: str, viewer: str = ":viewer") -> str:
    """Return the condition that a row is not hidden from somebody.

    :param row: the alias of a message, a reaction, or a row of the change log.
    :param viewer: the expression of their user id.
    """
    return f"{row}.hidden_from IS DISTINCT FROM {viewer}"


def hidden_from(row: str) -> str:
    """Return the expression of whom a row is hidden from, null for nobody.

    :param row: as for :func:`sees`.
    """
    return f"{row}.hidden_from"


def during(stay: str, seq: str) -> str:
    """Return the condition that a place in the log is within a stay, above ``:since`` and up to ``:up_to``.

    The joining and the leaving belong to the stay. Each end is one comparison, for one range of an index.

    :param stay: the alias of the row of ``memberships``.
    :param seq: the expression of the place.
    """
    return f"""
        {seq} > CASE WHEN {stay}.joined_seq > :since THEN {stay}.joined_seq - 1 ELSE :since END
        AND {seq} <= CASE WHEN {stay}.left_seq < :up_to THEN {stay}.left_seq ELSE :up_to END
    """


#: When a stay ended: null for one that has not. The rows are those of :func:`during`.
STAY_END = "mine.left_seq"


def seen_from(stay: str) -> str:
    """Return the expression of the first message that a stay sees.

    :param stay: the alias of the row of ``memberships``.
    """
    return f"{stay}.visible_from"


def reaches(stay: str, message_id: str) -> str:
    """Return the condition that a stay sees a message, which null stands for where there is none.

    :param stay: the alias of the row of ``memberships``.
    :param message_id: the expression of the message's id.
    """
    return f"coalesce({message_id}, {stay}.visible_from) >= {stay}.visible_from"


def concerns(stay: str, row: str) -> str:
    """Return the condition that a row of a group's change log is for the member of a stay: some are for admins alone,
    and for whoever the row names.

    :param stay: the alias of the row of ``memberships``.
    :param row: the alias of the row of the change log.
    """
    return f"({row}.admins_only = 0 OR {stay}.role <> 'member' OR {row}.user_id = {stay}.user_id)"


def _seen_from(conversation_id: str, viewer: str = ":viewer") -> str:
    """Return the expression of the first message that a member sees; null for whoever is not in the conversation."""
    return f"""(
        SELECT stay.visible_from FROM memberships AS stay
        WHERE stay.conversation_id = {conversation_id} AND stay.user_id = {viewer} AND {present("stay")}
    )"""


#: To join the version of a message that ``:viewer`` sees, for :data:`CONTENT`.
VERSION = "LEFT JOIN shown_versions AS shown ON shown.user_id = :viewer AND shown.message_id = m.id"

#: The content of a message as ``:viewer`` sees it: nobody sees that of a removed one.
CONTENT = "CASE WHEN m.removed_by IS NULL THEN coalesce(shown.content, m.content) ELSE '' END"

#: A message as ``:viewer`` sees it, by the fields of the record; the rows are those of :data:`SEEN_MESSAGES`. A private
#: message's receiver is the other of the two; whether it has been read is what the receiver's marker says.
SEEN_FIELDS = {
    "id": "m.id",
    "receiver_id": "c.low_user_id + c.high_user_id - m.sender_id",
    "group_id": "CASE c.kind WHEN 'group' THEN c.id END",
    "content": CONTENT,
    "client_id": "m.client_id",
    "is_read": "coalesce(receiver.read_up_to >= m.id, FALSE)",
    "created_at": "m.created_at",
    "edited_at": "CASE WHEN shown.message_id IS NULL THEN m.edited_at ELSE shown.edited_at END",
    "deleted_at": "m.deleted_at",
    "reply_to": "CASE WHEN replied.hidden_from = :viewer THEN NULL ELSE m.reply_to_id END",
    "mentions_all": "CASE WHEN m.removed_by IS NULL THEN m.mentions_all ELSE 0 END",
    "removed": "m.removed_by IS NOT NULL",
    "thread": "m.thread_id",
    "replies": "m.replies",
    "last_reply": "m.last_reply_id",
}

#: The messages that ``:viewer`` sees, to follow FROM; ``u`` is the sender. Which of them is for the statement to add,
#: with AND, and whether the viewer is in the conversation for the caller to know.
SEEN_MESSAGES = f"""
    messages AS m
    JOIN conversations AS c ON c.id = m.conversation_id
    JOIN users AS u ON u.id = m.sender_id
    LEFT JOIN memberships AS receiver
        ON receiver.conversation_id = c.id AND {present("receiver")}
        AND receiver.user_id = c.low_user_id + c.high_user_id - m.sender_id
    LEFT JOIN messages AS replied ON replied.id = m.reply_to_id
    {VERSION}
    WHERE {sees("m")}
"""

#: Whether a message is removed and its content still kept.
REMOVED = "m.removed_by IS NOT NULL AND m.content <> ''"

#: Whether a message has a content, whoever may see it.
KEPT = f"(m.deleted_at IS NULL OR ({REMOVED}))"

#: What those who reported a message are shown of it: its copy, unless the message is removed.
SHOWN_COPY = "CASE WHEN m.removed_by IS NULL THEN r.content ELSE '' END"

#: The ids of the messages of ``:conversation_id`` that ``:viewer`` sees as a member, without reading any: the index has
#: them.
SEEN_IDS = f"""
    SELECT m.id FROM messages AS m
    WHERE m.conversation_id = :conversation_id AND {sees("m")} AND m.id >= {_seen_from(":conversation_id")}
"""

#: The same for those of them that are pinned, and are neither deleted nor removed.
SEEN_PINNED_IDS = f"""
    SELECT m.id FROM pins AS p CROSS JOIN messages AS m
    WHERE p.conversation_id = :conversation_id AND m.id = p.message_id AND m.deleted_at IS NULL
        AND {sees("m")} AND m.id >= {_seen_from(":conversation_id")}
"""

#: The same for the message ``:root`` of a group and those that go back to it as answers.
SEEN_THREAD_IDS = f"""
    SELECT m.id FROM (
        SELECT r.id FROM messages AS r WHERE r.id = :root
        UNION ALL
        SELECT a.id FROM messages AS a WHERE a.thread_id = :root
    ) AS m
    WHERE m.id >= {_seen_from(":conversation_id")}
"""

#: The same as :data:`SEEN_IDS` and those that they wrote themselves, whether or not they are a member.
SEEN_OR_OWN_IDS = f"""
    SELECT m.id FROM messages AS m
    WHERE m.conversation_id = :conversation_id AND {sees("m")}
        AND (m.sender_id = :viewer OR m.id >= {_seen_from(":conversation_id")})
"""

#: Whether ``:viewer`` sees the message ``m`` as a member.
SEEN_NOW = f"coalesce(m.id >= {_seen_from('m.conversation_id')}, FALSE)"

#: Whether a message was edited after ``pair.two``, where somebody left.
EDITED_AFTER = "m.edited_seq > pair.two"

#: How many messages the lower and the higher of a private conversation's two user ids see.
SEEN_BY_LOW = "c.message_count - c.hidden_from_low"
SEEN_BY_HIGH = "c.message_count - c.hidden_from_high"


def hidden_count(member: str) -> str:
    """Return the expression of how many messages are hidden from a member.

    :param member: the expression of their user id.
    """
    return f"""
        CASE {member} WHEN c.low_user_id THEN c.hidden_from_low WHEN c.high_user_id THEN c.hidden_from_high ELSE 0 END
    """


def is_there(member: str) -> str:
    """Return the condition that a conversation is there for a member: one begun by somebody they block is not."""
    return f"(({hidden_count(member)}) = 0 OR c.message_count > ({hidden_count(member)}))"


def last_message(member: str) -> str:
    """Return the expression of the newest message that a member sees, null where there is none.

    :param member: the expression of their user id; their stay is ``mine``.
    """
    return f"""
        CASE WHEN ({hidden_count(member)}) = 0
        THEN CASE WHEN c.last_message_id >= mine.visible_from THEN c.last_message_id END ELSE (
            SELECT kept.id FROM messages AS kept
            WHERE kept.conversation_id = c.id AND {sees("kept", member)}
            ORDER BY kept.id DESC LIMIT 1
        ) END
    """


def last_kept_message(member: str) -> str:
    """Return the expression of the newest message that a member sees and that is not deleted, null for none."""
    return f"""
        CASE WHEN ({hidden_count(member)}) = 0 THEN c.last_kept_id ELSE (
            SELECT kept.id FROM messages AS kept
            WHERE kept.conversation_id = c.id AND {sees("kept", member)} AND kept.deleted_at IS NULL
            ORDER BY kept.id DESC LIMIT 1
        ) END
    """


#: How many messages ``mine`` has not read: what the others wrote above the marker, by subtraction, less what they
#: have deleted of it.
UNREAD = f"""
    c.message_count - ({hidden_count("mine.user_id")}) - mine.sent_count - mine.read_count - (
        SELECT count(*) FROM messages AS gone
        WHERE gone.conversation_id = c.id AND gone.id > mine.read_up_to AND gone.deleted_at IS NOT NULL
            AND gone.sender_id <> mine.user_id AND {sees("gone", "mine.user_id")}
    )
"""

#: How many messages of a group that ``mine`` has not read name them or answer them. A message that is taken back names
#: nobody any more.
UNREAD_NAMED = """(
    SELECT count(*) FROM mentions AS n
    WHERE n.user_id = mine.user_id AND n.conversation_id = c.id AND n.message_id > mine.read_up_to
        AND n.silent = 0 AND n.removed = 0
)"""

#: How many others of these name everybody, but for those by people whom ``mine`` blocks.
UNREAD_TO_ALL = """(
    SELECT count(*) FROM messages AS t
    WHERE t.conversation_id = c.id AND t.id > mine.read_up_to AND t.mentions_all = 1 AND t.deleted_at IS NULL
        AND t.sender_id <> mine.user_id
        AND NOT EXISTS (SELECT 1 FROM mentions AS n WHERE n.message_id = t.id AND n.user_id = mine.user_id)
        AND NOT EXISTS (SELECT 1 FROM blocks AS b WHERE b.blocker_id = mine.user_id AND b.blocked_id = t.sender_id)
)"""

#: The read marker of ``other`` as ``mine`` sees it. It may stand at a message that is hidden from the viewer, to whom
#: it is at the one before.
SEEN_MARKER = f"""
    CASE WHEN ({hidden_count("mine.user_id")}) = 0 THEN other.read_up_to ELSE (
        SELECT coalesce(max(kept.id), 0) FROM messages AS kept
        WHERE kept.conversation_id = c.id AND kept.id <= other.read_up_to AND {sees("kept", "mine.user_id")}
    ) END
"""


#: Where a conversation stands in the list of ``mine``: at the newest message they see, or at their joining.
ACTIVITY = f"""
    CASE WHEN c.kind = 'private' OR c.last_message_id > mine.joined_seq
    THEN coalesce({last_message("mine.user_id")}, 0) ELSE mine.joined_seq END
"""


def hide_messages(db: Sql, hidden: Iterable[tuple[int, int]]) -> None:
    """Hide private messages, and count them as hidden in their conversations.

    :param hidden: the id of each, and the user it is hidden from.
    """
    values = [{"message_id": message_id, "user_id": user_id} for message_id, user_id in hidden]
    db.executemany("UPDATE messages SET hidden_from = :user_id WHERE id = :message_id", values)
    db.executemany(
        """
        UPDATE conversations
        SET hidden_from_low = hidden_from_low + CASE low_user_id WHEN :user_id THEN 1 ELSE 0 END,
            hidden_from_high = hidden_from_high + CASE high_user_id WHEN :user_id THEN 1 ELSE 0 END
        WHERE id = (SELECT conversation_id FROM messages WHERE id = :message_id)
        """,
        values,
    )


def hide_change(db: Sql, seq: int, user_id: int) -> None:
    """Hide a row of the change log from somebody."""
    db.execute("UPDATE change_log SET hidden_from = :user_id WHERE seq = :seq", {"seq": seq, "user_id": user_id})


def hide_reaction(db: Sql, message_id: int, emoji: str, user_id: int, viewer: int) -> None:
    """Hide a user's reaction from somebody.

    :param user_id: whose reaction it is.
    :param viewer: from whom it is hidden.
    """
    db.execute(
        """
        UPDATE reactions SET hidden_from = :viewer
        WHERE message_id = :message_id AND emoji = :emoji AND user_id = :user_id
        """,
        {"message_id": message_id, "emoji": emoji, "user_id": user_id, "viewer": viewer},
    )


def keep_version(db: Sql, message_id: int, user_id: int) -> None:
    """Let somebody go on seeing a message as they see it now, whatever it is edited to."""
    db.execute(
        """
        INSERT INTO shown_versions (user_id, message_id, content, edited_at)
        SELECT :user_id, id, content, edited_at FROM messages WHERE id = :message_id
        ON CONFLICT DO NOTHING
        """,
        {"user_id": user_id, "message_id": message_id},
    )


def drop_versions(db: Sql, message_id: int) -> None:
    """Show a message to everybody as it is."""
    db.execute("DELETE FROM shown_versions WHERE message_id = :message_id", {"message_id": message_id})


def empty_versions(db: Sql, message_id: int) -> None:
    """Delete the content of every version of a message, as it is deleted."""
    db.execute("UPDATE shown_versions SET content = '' WHERE message_id = :message_id", {"message_id": message_id})
