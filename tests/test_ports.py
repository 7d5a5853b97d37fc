"""Ports that the tests name themselves: nobody else is given one of them meanwhile."""

import socket

import pytest

from tests.ports import LOWEST, SHARES, ephemeral, free_port, free_ports, share


def test_the_system_gives_none_of_them_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        assert LOWEST < free_port() < ephemeral()[0] <= given.getsockname()[1] <= ephemeral()[1]


def test_none_is_given_twice() -> None:
    ports = [free_port() for _ in range(100)]
    assert len(set(ports)) == 100


def test_one_that_is_taken_is_passed_over() -> None:
    ports = [free_port() for _ in range(3)]
    given = free_ports(ports)
    with socket.create_server(("127.0.0.1", ports[0])):
        assert next(given) == ports[1]
    assert [next(given), next(given)] == [ports[2], ports[0]]


def test_there_is_an_end_where_all_are_taken() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(OSError, match="all ports are taken"):
        next(free_ports([port]))


def test_two_processes_have_none_in_common() -> None:
    shares = [share(f"gw{number}") for number in range(SHARES)]
    assert sum(map(len, shares)) == len({port for ports in shares for port in ports}) == ephemeral()[0] - LOWEST
