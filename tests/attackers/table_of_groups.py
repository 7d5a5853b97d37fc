"""The routes of groups, and what everybody is answered on them."""

from tests.attackers.rows import Row, of_an_action, of_the_group, ones_own
from tests.attackers.world import NOWHERE

#: Leaving comes last.
GROUPS: dict[tuple[str, str], list[Row]] = {
    ("POST", "/groups"): [ones_own("201", "/groups", json={"name": "Chess"})],
    ("GET", "/groups"): [ones_own("200", "/groups")],
    ("GET", "/groups/{id}"): [of_the_group("404 404 200 200", "/groups/{}")],
    ("PATCH", "/groups/{id}"): [of_the_group("404 404 403 200", "/groups/{}", json={"description": "x"})],
    ("DELETE", "/groups/{id}"): [of_the_group("404 404 403 409", "/groups/{}", json={"name": "another"})],
    ("GET", "/groups/{id}/members"): [
        of_the_group("404 404 200 200", "/groups/{}/members"),
        of_the_group("404 404 403 200", "/groups/{}/members?via=1"),
    ],
    ("PUT", "/groups/{id}/members/{user}"): [
        Row(
            "404 404 403 200",
            lambda w: f"/groups/{w.group}/members/{w.people['member'].id}",
            f"/groups/{NOWHERE}/members/1",
            request=lambda: {"json": {"role": "member"}},
        )
    ],
    ("PUT", "/groups/{id}/me"): [of_the_group("404 404 200 200", "/groups/{}/me", json={"notify": "named"})],
    ("POST", "/groups/{id}/messages"): [
        of_the_group("404 404 200 200", "/groups/{}/messages", silenced="403", json={"content": "x"})
    ],
    ("POST", "/groups/{id}/read"): [of_the_group("404 404 200 200", "/groups/{}/read", json={"up_to": 1})],
    ("POST", "/groups/{id}/join"): [
        Row("404 404 200 200", lambda w: f"/groups/{w.group}/join", f"/groups/{NOWHERE}/join", invited="202")
    ],
    ("GET", "/groups/{id}/requests"): [of_the_group("404 404 403 200", "/groups/{}/requests")],
    ("POST", "/groups/{id}/requests/{user}"): [
        Row(
            "404 404 403 204",
            lambda w: f"/groups/{w.group}/requests/{w.people['asking'].id}",
            f"/groups/{NOWHERE}/requests/1",
            request=lambda: {"json": {"accept": False}},
        )
    ],
    ("GET", "/join/{code}"): [Row("404 404 404 404", lambda w: "/join/guessed", "/join/another")],
    ("POST", "/join/{code}"): [Row("404 404 404 404", lambda w: "/join/guessed", "/join/another")],
    ("POST", "/groups/{id}/invites"): [of_the_group("404 404 201 201", "/groups/{}/invites", silenced="403", json={})],
    ("GET", "/groups/{id}/invites"): [of_the_group("404 404 200 200", "/groups/{}/invites")],
    ("DELETE", "/groups/{id}/invites/{invite}"): [
        Row("404 404 204 204", lambda w: f"/groups/{w.group}/invites/1", f"/groups/{NOWHERE}/invites/1", silenced="403")
    ],
    ("POST", "/groups/{id}/invitations"): [
        of_the_group("404 404 202 202", "/groups/{}/invitations", silenced="403", json={"user": 1}),
    ],
    ("DELETE", "/groups/{id}/invitations/{user}"): [
        Row(
            "404 404 204 204",
            lambda w: f"/groups/{w.group}/invitations/1",
            f"/groups/{NOWHERE}/invitations/1",
            silenced="403",
        )
    ],
    ("GET", "/groups/{id}/reports"): [of_the_group("404 404 403 200", "/groups/{}/reports")],
    ("POST", "/groups/{id}/reports/{report}/resolve"): [
        Row(
            "404 404 403 204",
            lambda w: f"/groups/{w.group}/reports/1/resolve",  # what the member has reported above
            f"/groups/{NOWHERE}/reports/1/resolve",
        )
    ],
    ("POST", "/groups/{id}/actions"): [
        of_the_group("404 404 403 201", "/groups/{}/actions", json={"kind": "remove", "user": 1, "remove": "day"}),
    ],
    ("GET", "/groups/{id}/actions"): [of_the_group("404 404 403 200", "/groups/{}/actions")],
    ("GET", "/groups/{id}/actions/{action}/messages"): [
        of_an_action("404 404 403 200", "/groups/{}/actions/{}/messages", "ban"),
    ],
    ("POST", "/groups/{id}/actions/{action}/end"): [
        of_an_action("404 404 403 200", "/groups/{}/actions/{}/end", "end"),
    ],
    ("POST", "/groups/{id}/actions/{action}/undo"): [
        of_an_action("404 404 403 200", "/groups/{}/actions/{}/undo", "undo"),
    ],
    ("POST", "/groups/{id}/actions/undo"): [
        of_the_group("404 404 403 202", "/groups/{}/actions/undo", json={"actor": 1, "since": "2999-01-01T00:00:00Z"}),
    ],
    ("GET", "/invitations"): [ones_own("200", "/invitations")],
    ("DELETE", "/invitations/{id}"): [of_the_group("204 204 204 204", "/invitations/{}")],
    ("POST", "/groups/{id}/leave"): [of_the_group("404 204 204 204", "/groups/{}/leave")],
}
