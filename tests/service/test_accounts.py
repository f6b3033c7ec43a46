"""Who needs an account, and where accounts come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from textreid.errors import InputError
from textreid.service.accounts import is_loopback, read_accounts, require_accounts


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"])
def test_this_machine_needs_no_account(host: str) -> None:
    assert is_loopback(host)
    require_accounts(host, [])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_other_machines_do(host: str) -> None:
    with pytest.raises(InputError, match="--auth USER:PASSWORD"):
        require_accounts(host, [])
    require_accounts(host, [("ann", "secret")])


def test_accounts_come_from_option_and_file(tmp_path: Path) -> None:
    file = tmp_path / "accounts.txt"
    file.write_text("ann:se:cret\n\nbob:two\n")
    assert read_accounts("eve:one", file) == [("eve", "one"), ("ann", "se:cret"), ("bob", "two")]
    assert read_accounts() == []


@pytest.mark.parametrize("pair", ["ann", "ann:", ":secret", ""])
def test_half_an_account_is_refused_without_showing_it(pair: str) -> None:
    with pytest.raises(InputError, match="USER:PASSWORD") as caught:
        read_accounts(pair)
    assert "secret" not in str(caught.value)


def test_a_file_without_accounts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(InputError, match="names no account"):
        read_accounts(None, tmp_path / "empty.txt")
    with pytest.raises(InputError, match="cannot be read"):
        read_accounts(None, tmp_path / "missing.txt")
