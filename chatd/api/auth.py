"""Signing up, signing in and out, and tickets for the socket."""

from typing import Any

from chatd import schemas
from chatd.api.bodies import FormBody, JsonBody
from chatd.api.endpoint import Call, Route
from chatd.config import Config
from chatd.errors import InviteInvalid, RegistrationClosed, SessionNotFound, UsernameTaken, WrongCredentials
from chatd.models import User

#: How much of a device's name for itself is kept, in characters.
_DEVICE_MAX = 200


def routes(config: Config) -> list[Route]:
    """Return the routes for accounts' tokens."""
    return [
        Route(
            "POST",
            "/auth/register",
            "register",
            _register,
            "Make an account",
            answer=schemas.UserSchema(),
            status=201,
            public=True,
            body=JsonBody(schemas.RegisterBody(password_min=config.accounts.password_min)),
            errors=(UsernameTaken, RegistrationClosed, InviteInvalid),
        ),
        Route(
            "POST",
            "/auth/login",
            "login",
            _login,
            "Start a session and get its token",
            answer=schemas.TokenSchema(),
            public=True,
            body=FormBody(schemas.LoginForm()),
            errors=(WrongCredentials,),
        ),
        Route("POST", "/auth/logout", "logout", _logout, "End this session", status=204, errors=(SessionNotFound,)),
        Route(
            "POST",
            "/auth/tickets",
            "create_ticket",
            _issue_ticket,
            "Get a ticket: it stands for my session at one handshake of the socket",
            answer=schemas.TicketSchema(),
            status=201,
        ),
        Route("GET", "/auth/me", "get_me", _me, "Who am I?", answer=schemas.UserSchema()),
    ]


async def _register(call: Call) -> User:
    return await call.services.accounts.register(
        call.body["username"],
        call.body["password"],
        call.body["nickname"],
        invite=call.body["invite"],
        address=call.address,
    )


async def _login(call: Call) -> dict[str, str]:
    token = await call.services.sessions.sign_in(
        call.body["username"], call.body["password"], device=_device(call), address=call.address
    )
    return {"access_token": token, "token_type": "bearer"}


async def _logout(call: Call) -> None:
    await call.services.sessions.end(call.caller.user_id, call.caller.session_id)


async def _issue_ticket(call: Call) -> dict[str, Any]:
    ticket = await call.services.tickets.issue(call.caller)
    return {"ticket": ticket.secret, "expires_at": ticket.expires_at}


async def _me(call: Call) -> User:
    return await call.services.accounts.get(call.caller.user_id)


def _device(call: Call) -> str:
    """Return what the client calls itself, without invisible characters."""
    return "".join(filter(str.isprintable, call.request.headers.get("User-Agent", "")))[:_DEVICE_MAX]
