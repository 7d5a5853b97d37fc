"""A slice of the browser's tests on PostgreSQL: the web client sees no difference."""

from collections.abc import Iterator

import pytest

from tests.postgresql import Cluster
from tests.process import ServerProcess
from tests.web.test_conversation import *  # noqa: F403
from tests.web.test_tabs import *  # noqa: F403


@pytest.fixture(scope="module")
def server(built: None, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """The server of these tests, whose database is not in its directory."""
    url = cluster.database()
    data_dir = tmp_path_factory.mktemp("web") / "data"
    with ServerProcess(data_dir, CHATD_DATABASE_URL=url) as server:
        yield server
    assert not (data_dir / "chatd.db").exists()
    cluster.drop(url)
