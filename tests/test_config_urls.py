"""The URL of a database: what is taken, and what is refused without a part of its password."""

import pytest

from tests.test_config_values import of_environment, refused


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://chatd:open@sesame@localhost/chatd",
        "postgresql://chatd:open/sesame@localhost/chatd",
        "postgresql://chatd:12/sesame@localhost/chatd",
        "postgresql://chatd:open?sesame@localhost/chatd",
        "postgresql://chatd:%sesame@localhost/chatd",
        "postgresql://chatd:%00sesame@localhost/chatd",
        "postgresql://chatd:sesame",
        "postgresql:///chatd?password=open@sesame",
        "postgresql://chatd:open sesame@localhost/chatd",
        "chatd:sesame@localhost/chatd",
    ],
)
def test_a_password_that_is_not_encoded_in_the_url_of_a_database_is_refused_and_not_shown(url: str) -> None:
    told = refused(CHATD_DATABASE_URL=url)
    assert "must " in told
    assert "sesame" not in told
    assert "open" not in told


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://",
        "postgres://chatd:a%40b:c@[::1]:5432,two.example:5433/chatd?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql:///chatd?host=/run/postgresql&user=chatd",
        "postgresql://%2Frun%2Fpostgresql/chatd",
        "postgresql://localhost?application_name=chat?d",
    ],
)
def test_every_form_of_the_url_of_a_database_is_taken(url: str) -> None:
    assert of_environment(CHATD_DATABASE_URL=url).database.url == url
