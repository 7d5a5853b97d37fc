"""Every route and every command, and what everybody is answered there."""

import itertools

from tests.attackers.rows import (
    Row,
    everybody,
    of_a_message,
    of_a_person,
    of_a_private_message,
    of_the_group,
    ones_own,
)
from tests.attackers.table_of_groups import GROUPS
from tests.attackers.world import NOWHERE, picture
from tests.support import PASSWORD

NAMES = (f"newcomer{number}" for number in itertools.count(1))

#: Every route; one that has several rows has them under further names. What ends sessions comes last.
REST: dict[tuple[str, str], list[Row]] = {
    ("POST", "/auth/register"): [
        Row(
            "201 201 201 201",
            lambda _: "/auth/register",
            request=lambda: {"json": {"username": next(NAMES), "password": PASSWORD, "nickname": "x"}},
            public=True,
        )
    ],
    ("POST", "/auth/login"): [
        everybody("200", "/auth/login", data={"username": "bystander", "password": PASSWORD}),
    ],
    ("GET", "/health"): [everybody("200", "/health")],
    ("GET", "/files/avatars/{filename}"): [
        Row("200 200 200 200", lambda w: f"/files/avatars/{w.filename}", "/files/avatars/x.webp", public=True)
    ],
    ("GET", "/auth/me"): [ones_own("200", "/auth/me")],
    ("POST", "/auth/tickets"): [ones_own("201", "/auth/tickets")],
    ("GET", "/auth/sessions"): [ones_own("200", "/auth/sessions")],
    ("DELETE", "/auth/sessions/{id}"): [
        Row("404 404 404 204", lambda w: f"/auth/sessions/{w.session()}", f"/auth/sessions/{NOWHERE}")
    ],
    ("POST", "/invites"): [ones_own("403", "/invites", json={})],
    ("GET", "/admin/accounts"): [ones_own("403", "/admin/accounts")],
    ("POST", "/admin/accounts/{id}/disable"): [of_a_person("/admin/accounts/{}/disable", "403 403 403 403")],
    ("POST", "/admin/accounts/{id}/enable"): [of_a_person("/admin/accounts/{}/enable", "403 403 403 403")],
    ("GET", "/admin/community"): [ones_own("403", "/admin/community")],
    ("PATCH", "/admin/community"): [ones_own("403", "/admin/community", json={"name": "Mine"})],
    ("PUT", "/admin/community/picture"): [
        Row("403 403 403 403", lambda _: "/admin/community/picture", request=lambda: {"data": picture()})
    ],
    ("DELETE", "/admin/community/picture"): [ones_own("403", "/admin/community/picture")],
    ("GET", "/users/"): [ones_own("200", "/users/?limit=100")],
    ("GET", "/users/me"): [ones_own("200", "/users/me")],
    ("PUT", "/users/me"): [ones_own("200", "/users/me", json={"bio": "x"})],
    ("GET", "/users/{id}"): [of_a_person("/users/{}")],
    ("PUT", "/users/{id}/block"): [
        Row("204 204 204 204", lambda w: f"/users/{w.bystander.id}/block", f"/users/{NOWHERE}/block")
    ],
    ("GET", "/users/me/blocks"): [ones_own("200", "/users/me/blocks")],
    ("DELETE", "/users/{id}/block"): [
        Row("204 204 204 204", lambda w: f"/users/{w.bystander.id}/block", f"/users/{NOWHERE}/block")
    ],
    ("GET", "/users/me/export"): [ones_own("200", "/users/me/export")],
    ("DELETE", "/users/me"): [ones_own("400", "/users/me", json={"password": "not it"})],
    ("POST", "/files/upload/avatar"): [
        Row("200 200 200 200", lambda _: "/files/upload/avatar", request=lambda: {"data": picture()})
    ],
    ("GET", "/messages/conversations"): [ones_own("200", "/messages/conversations")],
    ("GET", "/messages/history/{id}"): [of_a_person("/messages/history/{}")],
    ("POST", "/messages/send/{id}"): [of_a_person("/messages/send/{}", json={"content": "hello"})],
    ("POST", "/messages/read/{id}"): [of_a_person("/messages/read/{}")],
    ("GET", "/messages/unread_count"): [ones_own("200", "/messages/unread_count")],
    ("GET", "/conversations"): [ones_own("200", "/conversations")],
    ("GET", "/messages"): [
        of_a_person("/messages?user={}"),
        Row("404 404 200 200", lambda w: f"/messages?group={w.group}", f"/messages?group={NOWHERE}"),
        Row(
            "404 404 200 200",
            lambda w: f"/messages?group={w.group}&around={w.message()}",
            f"/messages?group={NOWHERE}&around=1",
        ),
        of_the_group("404 404 200 200", "/messages?group={}&pinned=1"),
        of_a_message("404 404 200 200", "/messages?thread={}"),
        of_a_private_message("404 404 404 404", "/messages?thread={}"),
    ],
    ("GET", "/messages/events"): [ones_own("200", "/messages/events")],
    ("POST", "/messages/{id}/report"): [
        of_a_message("404 404 201 400", "/messages/{}/report", json={"reason": "spam"}),
        of_a_private_message("404 404 201 400", "/messages/{}/report", json={"reason": "spam"}),
    ],
    ("PATCH", "/messages/{id}"): [
        of_a_message("404 404 403 200", "/messages/{}", json={"content": "other"}),
        of_a_private_message("404 404 403 200", "/messages/{}", json={"content": "other"}),
    ],
    ("DELETE", "/messages/{id}"): [
        of_a_message("404 404 403 200", "/messages/{}"),
        of_a_private_message("404 404 403 200", "/messages/{}"),
    ],
    ("PUT", "/messages/{id}/reactions/{emoji}"): [
        of_a_message("404 404 200 200", "/messages/{}/reactions/👍", silenced="403"),
        of_a_private_message("404 404 200 200", "/messages/{}/reactions/👍"),
    ],
    ("DELETE", "/messages/{id}/reactions/{emoji}"): [
        of_a_message("404 404 200 200", "/messages/{}/reactions/👍", silenced="403"),
        of_a_private_message("404 404 200 200", "/messages/{}/reactions/👍"),
    ],
    ("PUT", "/messages/{id}/pin"): [
        of_a_message("404 404 204 204", "/messages/{}/pin", silenced="403"),
        of_a_private_message("404 404 404 404", "/messages/{}/pin"),
    ],
    ("DELETE", "/messages/{id}/pin"): [
        of_a_message("404 404 204 204", "/messages/{}/pin", silenced="403"),
        of_a_private_message("404 404 404 404", "/messages/{}/pin"),
    ],
    ("GET", "/messages/{id}/reactions/{emoji}"): [
        of_a_message("404 404 200 200", "/messages/{}/reactions/👍"),
        of_a_private_message("404 404 200 200", "/messages/{}/reactions/👍"),
    ],
    ("GET", "/unread"): [ones_own("200", "/unread")],
    ("GET", "/mentions"): [ones_own("200", "/mentions")],
    ("GET", "/messages/{id}/readers"): [
        of_a_message("404 404 403 200", "/messages/{}/readers"),
        of_a_private_message("404 404 404 404", "/messages/{}/readers"),
    ],
    **GROUPS,
    ("POST", "/users/me/password"): [
        ones_own("204", "/users/me/password", json={"old_password": PASSWORD, "new_password": PASSWORD})
    ],
    ("POST", "/auth/logout"): [ones_own("204", "/auth/logout")],
}

#: Every command of chatd.v2.
SOCKET: dict[str, list[Row]] = {
    "sync": [Row("ack ack ack ack", lambda _: {})],
    "send": [
        Row("ack ack ack ack", lambda w: {"user": w.bystander.id, "content": "x"}, {"user": NOWHERE, "content": "x"}),
        Row(
            "not_found not_found ack ack",
            lambda w: {"group": w.group, "content": "x"},
            {"group": NOWHERE, "content": "x"},
            silenced="silenced",
        ),
        Row(
            "not_found not_found not_found not_found",
            lambda w: {"user": w.bystander.id, "content": "x", "reply_to": w.message()},
            lambda w: {"user": w.bystander.id, "content": "x", "reply_to": NOWHERE},
        ),
    ],
    "edit": [
        Row(
            "not_found not_found forbidden ack",
            lambda w: {"message_id": w.message(), "content": "other"},
            {"message_id": NOWHERE, "content": "other"},
        )
    ],
    "delete": [
        Row("not_found not_found forbidden ack", lambda w: {"message_id": w.message()}, {"message_id": NOWHERE})
    ],
    "react": [
        Row(
            "not_found not_found ack ack",
            lambda w: {"message_id": w.message(), "emoji": "👍"},
            {"message_id": NOWHERE, "emoji": "👍"},
            silenced="silenced",
        )
    ],
    "unreact": [
        Row(
            "not_found not_found ack ack",
            lambda w: {"message_id": w.private(), "emoji": "👍"},
            {"message_id": NOWHERE, "emoji": "👍"},
            silenced="not_found",
        )
    ],
    "read": [
        Row("not_found not_found ack ack", lambda w: {"group": w.group, "up_to": 1}, {"group": NOWHERE, "up_to": 1}),
    ],
    "typing": [
        Row("ack ack ack ack", lambda w: {"user": w.bystander.id}, {"user": NOWHERE}),
        Row("not_found not_found ack ack", lambda w: {"group": w.group}, {"group": NOWHERE}, silenced="silenced"),
    ],
}
