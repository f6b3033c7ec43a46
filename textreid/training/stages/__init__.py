"""The stages that a recipe can name, each by the stem of its file.

`TEXTREID_STAGES` may name folders with more of them, separated as in `PATH`.
"""

import os

__path__ += [folder for folder in os.environ.get("TEXTREID_STAGES", "").split(os.pathsep) if folder]
