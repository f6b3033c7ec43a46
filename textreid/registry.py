"""Parts found by the file they are in: the file's stem is the part's name in a recipe."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import Any

from textreid.config import build
from textreid.errors import UnknownNameError


def names(package: ModuleType) -> list[str]:
    """The parts in a package; files whose names start with an underscore are none."""
    modules = (module.name for module in pkgutil.iter_modules(package.__path__))
    return sorted(name for name in modules if not name.startswith("_"))


def load(package: ModuleType, name: str, *, kind: str) -> ModuleType:
    """The module of a part.

    Args:
        package: that holds it.
        name: stem of its file, or name of its package.
        kind: what it is, in messages.

    Raises:
        UnknownNameError: no such part.
    """
    if name not in names(package):
        raise UnknownNameError(kind, name, names(package))
    return importlib.import_module(f"{package.__name__}.{name}")


def find(
    package: ModuleType, name: str, options: dict[str, Any], *, kind: str, where: str, base: type
) -> tuple[Any, Any]:
    """The config of a part, made from its options, and its class.

    Args:
        package: that holds it.
        name: stem of its file, which has a `Config` and one public class that inherits from `base`.
        options: as a recipe gives them.
        kind: what it is, in messages.
        where: name of its table in messages.
        base: such as `torch.nn.Module`.

    Raises:
        UnknownNameError: no such part, or an option that it does not have.
        InputError: an option of the wrong type, or out of its range.
    """
    module = load(package, name, kind=kind)
    return build(module.Config, options, where=where), part(module, base)


def part(module: ModuleType, base: type) -> Any:
    """The one public class of a file that inherits from `base`."""
    (found,) = parts(module, base)
    return found


def parts(module: ModuleType, base: type) -> list[Any]:
    """The public classes of a file that inherit from `base`."""
    return [
        member
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, base)
        and member.__module__ == module.__name__
        and not member.__name__.startswith("_")
    ]
