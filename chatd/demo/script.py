"""Who lives in the demo community, and what they say to each other."""

from typing import NamedTuple


class Someone(NamedTuple):
    """Somebody of the demo."""

    username: str
    nickname: str
    bio: str
    has_picture: bool = True


class Line(NamedTuple):
    """A message, and what becomes of it."""

    who: str
    text: str
    #: The place in the talk of the line it replies to.
    reply_to: int | None = None
    #: What it is changed to afterwards.
    edited: str | None = None
    is_deleted: bool = False
    #: What the other one puts below it.
    reaction: str | None = None


class Talk(NamedTuple):
    """A private conversation."""

    #: The two, the first of whom has not read the last lines.
    between: tuple[str, str]
    lines: tuple[Line, ...]
    #: How many of the other one's last lines are unread.
    unread: int = 0
    #: How many lines of small talk come first.
    small_talk: int = 0


#: Everybody's password.
PASSWORD = "quiet lighthouse"  # noqa: S105 - printed for everybody who starts the demo

#: The first is the administrator, and has the most to look at.
PEOPLE = (
    Someone("amelia", "Amelia", "Keeps the lights on here."),
    Someone("björn", "Björn Åkesson", "Bread, boats, and bad puns."),
    Someone("мария", "Мария", "Фотографирую мосты."),
    Someone("由紀", "由紀", "図書館で働いています。"),
    Someone("omar", "عمر", "أطبخ أكثر مما آكل."),
    Someone("noa", "נועה", "רצה, קוראת, מתכנתת."),
    Someone("neha", "नेहा", "पहाड़ों की ओर।"),
    Someone("eleni", "Ελένη", "Χορός και θάλασσα.", has_picture=False),
    Someone("minjun", "민준", "기타를 칩니다.", has_picture=False),
    Someone("linh", "Linh Nguyễn", "Cà phê trước, nói chuyện sau.", has_picture=False),
    Someone("zoe", "Zoë 🌿", "Plants. So many plants.", has_picture=False),
    Someone("rudi", "Rudi", "Buy now!", has_picture=False),
)

SMALL_TALK = (
    "Morning!",
    "How did it go?",
    "Better than I feared.",
    "Tell me everything.",
    "Later, I am on the train.",
    "The tunnel eats my signal every time 🚇",
    "Ha!",
    "Did you see the photo from the harbour?",
    "Not yet. Is it the one with the gull?",
    "The gull, the sandwich, and the crime.",
    "I will bring the blue folder tomorrow.",
    "Perfect, thank you.",
    "What time?",
    "Half past nine, if the ferry agrees.",
    "One long message, to see how it wraps: we walked along the quay to the end, found the little café closed, walked "
    "back, found the other one open, and stayed until they put the chairs on the tables around us.",
    "👍",
)

#: Amelia blocks him after his talk.
BLOCKED = ("amelia", "rudi")

TALKS = (
    Talk(
        ("amelia", "rudi"),
        (Line("rudi", "Cheap watches!!!"), Line("rudi", "https://example.com/watches"), Line("rudi", "Hello?")),
    ),
    Talk(
        ("amelia", "мария"),
        (
            Line("мария", "Привет! Мост готов 🌉", reaction="🎉"),
            Line("amelia", "Congratulations! Send me the photo.", reply_to=0),
            Line("мария", "Вечером, когда будет свет.", reaction="❤️"),
            Line("amelia", "Deleted on second thoughts.", is_deleted=True),
        ),
    ),
    Talk(
        ("amelia", "omar"),
        (
            Line("omar", "مرحبا، العشاء يوم الجمعة؟", reaction="😋"),
            Line("amelia", "Yes! What shall I bring?"),
            Line("omar", "نفسك فقط 🙂 and maybe bread"),
            Line("amelia", "Björn's bread, then.", edited="Björn's bread, then. The dark one."),
        ),
    ),
    Talk(
        ("björn", "noa"),
        (Line("noa", "שלום! רצים מחר?"), Line("björn", "Only if somebody chases me."), Line("noa", "🏃‍♀️")),
        unread=1,
    ),
    Talk(("linh", "minjun"), (Line("minjun", "안녕! 커피?"), Line("linh", "Luôn luôn ☕", reaction="☕"))),
    Talk(("zoe", "eleni"), (Line("eleni", "Καλημέρα! Το φυτό ζει;"), Line("zoe", "It has a new leaf! 🌱"))),
    Talk(
        ("amelia", "由紀"),
        (
            Line("由紀", "おはようございます。本が届きました。"),
            Line("amelia", "I will come by at noon."),
            Line("由紀", "お待ちしています 📚"),
        ),
        unread=1,
    ),
    Talk(
        ("amelia", "neha"),
        (
            Line("neha", "नमस्ते! बर्फ़ गिर रही है ❄️"),
            Line("neha", "The road is closed until Thursday, so you have me for three more days."),
            Line("neha", "Chess?"),
        ),
        unread=3,
    ),
    Talk(
        ("amelia", "björn"),
        (
            Line("björn", "The server had a birthday. Uptime: one year.", reaction="🎂"),
            Line("amelia", "And nobody baked?"),
            Line("björn", "I bake, therefore I am late.", reply_to=1),
            Line("björn", "Cake at six?"),
        ),
        unread=2,
        small_talk=150,
    ),
)
