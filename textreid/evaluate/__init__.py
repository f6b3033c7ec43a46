"""Models measured by published protocols: encode what a benchmark holds, rank, and count.

Every image and every caption of the split takes part: a benchmark that quietly dropped an unreadable image
would be another benchmark, so one is an error here.
"""

from textreid.evaluate.encoding import Item
from textreid.evaluate.evaluation import Evaluation, evaluate
from textreid.evaluate.methods import Methods
from textreid.types import ImageTextEncoder, ShowProgress

__all__ = ["Evaluation", "ImageTextEncoder", "Item", "Methods", "ShowProgress", "evaluate"]
