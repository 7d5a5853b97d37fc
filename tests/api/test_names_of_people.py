"""Names as people write them, in many scripts: as username and nickname, at the sign-in and in a search."""

from tests.api.test_accounts import register
from tests.support import PASSWORD, Chat, error_of, sign_in

#: A username, and a way to write it without the joiners that some keyboards do not have.
NAMES = {
    "अमिताभ": "अमिताभ",
    "क\u094d\u200dषितिज": "क\u094dषितिज",
    "กรณ์": "กรณ์",
    "علی\u200cرضا": "علیرضا",
    "امیر\u200cحسین": "امیرحسین",
    "زهراء\u200cسادات": "زهراءسادات",
    "محمد": "محمد",
    "דוד": "דוד",
    "தமிழ்ச்செல்வன்": "தமிழ்ச்செல்வன்",
    "အောင်ဆန်း": "အောင်ဆန်း",
    "សុខា\u200bចាន់": "សុខាចាន់",
    "김철수": "김철수",
    "山田": "山田",
    "გიორგი": "გიორგი",
    "አበበ": "አበበ",
    "ක\u0dca\u200dරිෂාන්ත": "ක\u0dcaරිෂාන්ත",
    "র\u200d\u09cdযাব": "র\u09cdযাব",
    "రామ్\u200cచరణ్": "రామ్చరణ్",
    "ಶ್ರೀ\u200cರಾಮ್": "ಶ್ರೀರಾಮ್",
    "ചന്ദ്രന്\u200d": "ചന്ദ്രന്",
    "ਗੁਰਪ੍ਰੀਤ": "ਗੁਰਪ੍ਰੀਤ",
    "ລາວ": "ລາວ",
    "ᠪᠠᠶᠢᠷ\u180eᠠ": "ᠪᠠᠶᠢᠷᠠ",
    "Նարեկ": "ՆԱՐԵԿ",
    "Σίσυφος": "ΣΊΣΥΦΟΣ",
    "Đặng": "ĐẶNG",
    "ᏣᎳᎩ": "ꮳꮃꭹ",
}


async def test_people_are_called_as_they_write_it_and_found_however_it_is_written(chat: Chat) -> None:
    alice = await chat.person("alice")
    for written, plain in NAMES.items():
        status, user = await register(chat, written, nickname=f"{written} {plain}")
        assert (status, user["username"], user["nickname"]) == (201, written, f"{written} {plain}"), ascii(written)
        assert (await register(chat, plain))[1] == "username_taken", ascii(plain)
        for name in (written, plain):
            await sign_in(chat.client, name)
            for query in (name, name[:-1], f" {plain} {plain} "):
                found = [brief["id"] for brief in await alice.get("/users/", params={"q": query})]
                assert user["id"] in found, ascii(query)
            assert [brief["id"] for brief in await alice.get("/users/", params={"username": name})] == [user["id"]]


async def test_joiners_alone_do_not_make_a_username_longer_or_another(chat: Chat) -> None:
    for username in ("ب\u200d", "ک\u200d"):
        body = {"username": username, "password": PASSWORD, "nickname": "x"}
        async with chat.client.post("/auth/register", json=body) as response:
            assert await error_of(response) == (422, "validation_error")
    assert (await register(chat, "بب" + "\u200cب" * 48))[0] == 201
