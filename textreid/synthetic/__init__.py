"""Drawn pedestrians with captions, attributes, cameras and times: free of any licence, equal for equal seeds.

```python
from textreid.synthetic import Camera, View, caption, draw_crop, sample_pedestrians

person = sample_pedestrians(1, seed=0)[0]
view = View(yaw=20.0)
draw_crop(person, view, Camera.place(seed=0, number=1), seed=0)   # a PIL image
caption(person, view, seed=0)                                     # "A young woman with long black hair ..."
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textreid._names import hand_on

if TYPE_CHECKING:
    from textreid.synthetic.pedestrians.pedestrian import Pedestrian
    from textreid.synthetic.pedestrians.pose import View
    from textreid.synthetic.pedestrians.sampling import sample_pedestrians
    from textreid.synthetic.places.camera import Camera
    from textreid.synthetic.shots.crop import draw_crop
    from textreid.synthetic.shots.frames import Frame, FramePerson, built_in_gallery
    from textreid.synthetic.shots.tracklet import TrackCrop, draw_tracklet
    from textreid.synthetic.wording.captions import caption
    from textreid.synthetic.writers.cuhk_pedes import write_cuhk_pedes
    from textreid.synthetic.writers.frame_files import write_frames
    from textreid.synthetic.writers.market1501 import write_market1501
    from textreid.synthetic.writers.plates import write_plates
else:
    __getattr__, __dir__ = hand_on(__name__)

__all__ = [
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
    "write_plates",
]
