"""Opening a film: containers of film alone, and no file but the one that is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textreid.errors import InputError
from textreid.io.reason import reason_of

FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,h264,hevc,vvc,obu,av1,ivf,flv,asf,ogg,rm,mxf,mjpeg,mpjpeg,dhav,"
    "ifv,lvf,dv,gxf,nut,wtv,yuv4mpegpipe,vc1,h261,h263,cavsvideo,avs2,avs3,nsv,nuv,swf,smjpeg,pva,dirac"
)
"""FFmpeg's names of what is opened. Playlists (HLS, concat, SDP, DASH), which name other files, are none."""


def open_video(path: Path) -> Any:
    """The opened container.

    Raises:
        InputError: it is none of `FORMATS`, or broken. The message is the reason alone.
    """
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        return av.open(str(path), options=options, metadata_errors="replace")
    except Exception as error:
        raise InputError(f"not a video that can be read: {reason_of(error)}.") from error
