"""Pieces of SQL that tell what a member sees of a conversation.

What somebody does while they are blocked is hidden from the blocker (``hidden_from``), and only in private
conversations. In each piece the conversation's row is called ``c``.
"""


def hidden_count(member: str) -> str:
    """Return how many messages are hidden from a member.

    :param member: the expression of their user id.
    """
    return f"""
        CASE {member} WHEN c.low_user_id THEN c.hidden_from_low WHEN c.high_user_id THEN c.hidden_from_high ELSE 0 END
    """


def last_message(member: str) -> str:
    """Return the id of the newest message that a member sees, null where there is none."""
    return f"""
        CASE WHEN ({hidden_count(member)}) = 0 THEN c.last_message_id ELSE (
            SELECT shown.id FROM messages AS shown
            WHERE shown.conversation_id = c.id AND shown.hidden_from IS NOT {member}
            ORDER BY shown.id DESC LIMIT 1
        ) END
    """


def last_kept_message(member: str) -> str:
    """Return the id of the newest message that a member sees and its sender has not taken back, null for none."""
    return f"""
        CASE WHEN ({hidden_count(member)}) = 0 THEN c.last_kept_id ELSE (
            SELECT shown.id FROM messages AS shown
            WHERE shown.conversation_id = c.id AND shown.hidden_from IS NOT {member} AND shown.deleted_at IS NULL
            ORDER BY shown.id DESC LIMIT 1
        ) END
    """


def is_there(member: str) -> str:
    """Tell whether a conversation is there for a member: one begun by somebody they block is not."""
    return f"(({hidden_count(member)}) = 0 OR c.message_count > ({hidden_count(member)}))"
