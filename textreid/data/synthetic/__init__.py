"""Drawn pedestrians with captions, attributes, cameras and times: free of any licence, equal for equal seeds.

```python
from textreid.data.synthetic import Camera, View, caption, draw_crop, sample_pedestrians

person = sample_pedestrians(1, seed=0)[0]
view = View(yaw=20.0)
draw_crop(person, view, Camera.place(seed=0, number=1), seed=0)   # a PIL picture
caption(person, view, seed=0)                                     # "A young woman with long black hair ..."
```
"""

from textreid.data.synthetic.camera import Camera
from textreid.data.synthetic.captions import caption
from textreid.data.synthetic.crop import draw_crop
from textreid.data.synthetic.cuhk_pedes import write_cuhk_pedes
from textreid.data.synthetic.frame_files import write_frames
from textreid.data.synthetic.frames import Frame, FramePerson, built_in_gallery
from textreid.data.synthetic.market1501 import write_market1501
from textreid.data.synthetic.pedestrian import Pedestrian
from textreid.data.synthetic.pose import View
from textreid.data.synthetic.sampling import sample_pedestrians
from textreid.data.synthetic.tracklet import TrackCrop, draw_tracklet

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
]
