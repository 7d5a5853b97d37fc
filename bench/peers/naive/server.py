"""The naive reference: chat as a tutorial of FastAPI and SQLAlchemy would have it, over SQLite.

Usage: ``python server.py accounts COUNT`` makes accounts and prints "id name token" for each; ``python server.py serve
PORT`` serves. Both work on ``naive.db`` in the current directory. It has what its peers have to do for a message and no
more: a token, the receiver, the message stored, the answer, and the push over the receiver's WebSocket.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import jwt
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException, Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, create_engine, func, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

SECRET = "the naive reference keeps its secret in its source"

# With the 15 connections that SQLAlchemy's pool has by default, 50 senders at once stop each other for good: each holds
# one and waits for the thread that would give one back.
engine = create_engine(
    "sqlite:///naive.db", connect_args={"check_same_thread": False, "timeout": 30}, pool_size=100, max_overflow=100
)
SessionLocal = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True, index=True)
    nickname: Mapped[str]


class Message(Base):
    __tablename__ = "messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    sender_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    receiver_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    content: Mapped[str]
    is_read: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC), index=True)
    sender: Mapped[User] = relationship(foreign_keys=[sender_id])


class UserOut(BaseModel):
    model_config = {"from_attributes": True}

    id: int
    username: str
    nickname: str


class MessageIn(BaseModel):
    content: str = Field(min_length=1, max_length=2000)


class MessageOut(BaseModel):
    model_config = {"from_attributes": True}

    id: int
    sender_id: int
    receiver_id: int
    content: str
    is_read: bool
    created_at: datetime
    sender: UserOut


class Connections:
    def __init__(self) -> None:
        self.by_user: dict[int, list[WebSocket]] = {}

    async def send(self, user_id: int, what: dict[str, Any]) -> None:
        for socket in self.by_user.get(user_id, []):
            await socket.send_json(what)


app = FastAPI()
connections = Connections()


def get_db() -> Iterator[Session]:
    with SessionLocal() as db:
        yield db


Db = Annotated[Session, Depends(get_db)]


def user_of(token: str, db: Session) -> User:
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise HTTPException(401, "Could not validate credentials") from error
    user = db.get(User, int(claims["sub"]))
    if user is None:
        raise HTTPException(401, "Could not validate credentials")
    return user


def current_user(db: Db, authorization: Annotated[str, Header()]) -> User:
    return user_of(authorization.removeprefix("Bearer "), db)


Me = Annotated[User, Depends(current_user)]


@app.post("/messages/send/{user_id}")
async def send(user_id: int, body: MessageIn, me: Me, db: Db) -> MessageOut:
    receiver = db.get(User, user_id)
    if receiver is None:
        raise HTTPException(404, "User not found")
    message = Message(sender_id=me.id, receiver_id=receiver.id, content=body.content)
    db.add(message)
    db.commit()
    db.refresh(message)
    answer = MessageOut.model_validate(message)
    await connections.send(receiver.id, {"type": "new_message", "data": answer.model_dump(mode="json")})
    return answer


@app.get("/messages/history/{user_id}")
def history(user_id: int, me: Me, db: Db, page: int = 1, page_size: int = 50) -> dict[str, Any]:
    between = or_(
        (Message.sender_id == me.id) & (Message.receiver_id == user_id),
        (Message.sender_id == user_id) & (Message.receiver_id == me.id),
    )
    total = db.scalar(select(func.count()).select_from(Message).where(between))
    found = db.scalars(
        select(Message).where(between).order_by(Message.id.desc()).offset((page - 1) * page_size).limit(page_size)
    )
    items = [MessageOut.model_validate(message) for message in found]
    return {"items": items[::-1], "total": total, "page": page, "page_size": page_size}


@app.get("/messages/unread_count")
def unread_count(me: Me, db: Db) -> dict[str, Any]:
    unread = select(func.count()).where(Message.receiver_id == me.id, Message.is_read.is_(False))
    return {"unread_count": db.scalar(unread)}


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.websocket("/messages/ws")
async def listen(socket: WebSocket, token: Annotated[str, Query()]) -> None:
    with SessionLocal() as db:
        me = user_of(token, db).id
    await socket.accept()
    connections.by_user.setdefault(me, []).append(socket)
    try:
        while True:
            if (await socket.receive_json()).get("type") == "ping":
                await socket.send_json({"type": "pong"})
    except WebSocketDisconnect:
        connections.by_user[me].remove(socket)


def make_accounts(count: int) -> None:
    expires = datetime.now(UTC) + timedelta(days=30)
    with SessionLocal() as db:
        users = [User(username=f"user{number}", nickname=f"User {number}") for number in range(count)]
        db.add_all(users)
        db.commit()
        for user in users:
            print(user.id, user.username, jwt.encode({"sub": str(user.id), "exp": expires}, SECRET, "HS256"))


if __name__ == "__main__":
    Base.metadata.create_all(engine)
    if sys.argv[1] == "accounts":
        make_accounts(int(sys.argv[2]))
    else:
        uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False)
