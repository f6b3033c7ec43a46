"""Who may reach a gallery over the network: this machine alone, or whoever has an account."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from textreid.errors import InputError

Accounts = Sequence[tuple[str, str]]
"""User names with their passwords."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_accounts(host: str, accounts: Accounts) -> None:
    """Refuse to show a gallery to a network without asking who is there.

    Raises:
        InputError: `host` can be reached from other machines and there are no accounts.
    """
    if not is_loopback(host) and not accounts:
        raise InputError(
            f"Anybody who can reach {host} would see this gallery. Add --auth USER:PASSWORD or "
            "--auth-file FILE, or leave --host out: it then answers on this machine alone."
        )


def read_accounts(auth: str | None = None, auth_file: Path | None = None) -> Accounts:
    """User names and passwords from `user:password`, from a file with one such pair a line, or from both.

    Raises:
        InputError: a line is not a pair, or the file cannot be read. No message shows a password.
    """
    accounts = [_parse_account(auth, "--auth")] if auth is not None else []
    if auth_file is not None:
        try:
            lines = auth_file.read_text("utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise InputError(f"The accounts in {auth_file} cannot be read: {error}.") from None
        accounts += [
            _parse_account(line, f"{auth_file}, line {n}") for n, line in enumerate(lines, 1) if line.strip()
        ]
        if not accounts:
            raise InputError(f"{auth_file} names no account. Write one USER:PASSWORD a line.")
    return accounts


def _parse_account(pair: str, where: str) -> tuple[str, str]:
    user, _, password = pair.strip().partition(":")
    if not user or not password:
        raise InputError(
            f"{where}: an account is written USER:PASSWORD, both parts at least one character long."
        )
    return user, password
