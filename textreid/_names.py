"""Names that lead elsewhere: those that a room hands on, and the spellings of version 0.1.0."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType
from typing import Any, cast

from textreid.errors import warn_renamed

MOVED = {
    "textreid.Progress": "textreid.IndexProgress",
    "textreid.benchmark.Benchmark": "textreid.evaluate.Benchmark",
    "textreid.calibration.Calibration": "textreid.inference.Calibration",
    "textreid.calibration.Scale": "textreid.inference.Scale",
    "textreid.config.LockedRecipe": "textreid.training.stages.locked.Config",
    "textreid.config.Phase": "textreid.training.stages.phase.Config",
    "textreid.data.caption_attributes.VALUES": "textreid.data.attributes.VALUES",
    "textreid.data.caption_attributes.read_caption": "textreid.data.attributes.read_caption",
    "textreid.data.cuhk03.__main__": "textreid unpack",
    "textreid.data.cuhk03.unpack": "textreid.data.tools.unpack",
    "textreid.data.parquet.read_splits": "textreid.data.tools.read_splits",
    "textreid.data.parquet.to_dataset_dict": "textreid.data.tools.to_dataset_dict",
    "textreid.data.sentences.vary_caption": "textreid.data.vary_caption",
    "textreid.data.transforms.Finish": "textreid.data.Finish",
    "textreid.data.transforms.train_transform": "textreid.data.train_transform",
    "textreid.division.divide": "textreid.training.split_by_consensus",
    "textreid.encode.Encoder": "textreid.inference.Encoder",
    "textreid.evaluate.JointEncoder": "textreid.types.ImageTextEncoder",
    "textreid.explain.match_parts": "textreid.inference.match_parts",
    "textreid.export.export_model": "textreid.inference.export_model",
    "textreid.images.open_image": "textreid.io.open_image",
    "textreid.metrics.queries.expand_queries": "textreid.metrics.expand_queries",
    "textreid.sheet.contact_sheet": "textreid.contact_sheet",
    "textreid.train.train": "textreid.training.train",
    "textreid_demo.desk.Desk": "textreid.service.Desk",
    "textreid_demo.serve.running": "textreid_demo.serve_page",
    **{
        f"textreid.config.{name}": f"textreid.recipe.{name}"
        for name in (
            "AugmentRecipe",
            "DataRecipe",
            "ModelRecipe",
            "NoiseRecipe",
            "OptimizerRecipe",
            "Recipe",
            "SamplerRecipe",
            "TextRecipe",
            "load_recipe",
            "recipe_folder",
            "recipe_names",
            "with_root",
        )
    },
    **{
        f"textreid.data.synthetic.{name}": f"textreid.synthetic.{name}"
        for name in (
            "Camera",
            "Frame",
            "FramePerson",
            "Pedestrian",
            "TrackCrop",
            "View",
            "built_in_gallery",
            "caption",
            "draw_crop",
            "draw_tracklet",
            "sample_pedestrians",
            "write_cuhk_pedes",
            "write_frames",
            "write_market1501",
        )
    },
}
"""Public names of version 0.1.0 whose place or spelling has changed since: the old one -> the new one."""


def hand_on(room: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a room whose public names are imported when they are first used.

    Where each name lives is said once, by the imports that the room makes `if TYPE_CHECKING`: type checkers
    follow them, and here they are read, not run, when the first name is asked for.

    Args:
        room: `__name__` of the package.
    """
    package = sys.modules[room]

    @cache
    def homes() -> dict[str, str]:
        """Name -> the module in which it lives."""
        import ast  # some milliseconds, for whoever uses a room's face

        loader = cast(InspectLoader, package.__loader__)  # reads from a zip as well
        tree = ast.parse(loader.get_source(room) or "")
        blocks = [node for node in tree.body if isinstance(node, ast.If)]
        imports = [node for block in blocks for node in block.body if isinstance(node, ast.ImportFrom)]
        return {alias.name: node.module or "" for node in imports for alias in node.names}

    def find(name: str) -> Any:
        if name not in package.__all__ or name not in homes():
            return find_moved(room, name)
        return getattr(import_module(homes()[name]), name)

    return find, lambda: package.__all__


def find_moved(module: str, name: str) -> Any:
    """What `module.name` was in version 0.1.0; its new spelling is said on stderr, once.

    Raises:
        AttributeError: `module` never offered that name.
    """
    old = f"{module}.{name}"
    if old not in MOVED:
        raise AttributeError(f"module '{module}' has no attribute '{name}'")
    home, _, today = MOVED[old].rpartition(".")
    _note(module, home) if today == name else _note(old, MOVED[old])
    return getattr(import_module(home), today)


_note = cache(warn_renamed)


class _MovedModules(MetaPathFinder, Loader):
    """Finds modules that are gone, after everybody else: empty ones that know where their names went."""

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        gone = any(old.rpartition(".")[0] == fullname for old in MOVED)
        return ModuleSpec(fullname, self) if gone else None

    def create_module(self, spec: ModuleSpec) -> None:
        """An ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        module.__getattr__ = partial(find_moved, module.__name__)  # type: ignore[method-assign]

    def get_code(self, fullname: str) -> CodeType:
        """For `python -m`: the verb that does the same today."""
        verb = MOVED[f"{fullname}.__main__"]
        _note(f"python -m {fullname}", verb)
        program, *arguments = verb.split()
        run = f"application()([*{arguments}, *sys.argv[1:]], prog_name={program!r})"
        return compile(f"import sys; from textreid.cli import application; {run}", fullname, "exec")


sys.meta_path.append(_MovedModules())
