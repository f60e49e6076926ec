"""Ring one of backpressure: intake accepts only what can be stored and worked on in time."""

from __future__ import annotations

from models.ports import BlobStore
from models.settings import IntakeSettings
from pipeline.ledger.views import Views

MB = 1024 * 1024


class Watermark:
    """High and low marks on stored bytes, free space, and the age of the oldest step owed to a counter."""

    def __init__(self, settings: IntakeSettings, blobs: BlobStore, views: Views) -> None:
        self._settings = settings
        self._blobs = blobs
        self._views = views
        self._above = False

    def reason(self) -> str | None:
        """Why intake must wait now, or None. Once above the high mark it waits for the low one."""
        settings = self._settings
        used_mb = self._blobs.used_bytes() / MB
        mark_mb = settings.low_mb if self._above else settings.high_mb
        self._above = used_mb > mark_mb
        if self._above:
            return f"{used_mb:.0f} MB of work in progress, more than {mark_mb} MB"
        free_mb = self._blobs.free_bytes() / MB
        if free_mb < settings.min_free_mb:
            return f"{free_mb:.0f} MB free for blobs, less than {settings.min_free_mb} MB"
        # A million bulk pages may be owed for days. That is what bulk is: it must not close the counters' door.
        age_s = self._views.counter_waits_s()
        if age_s > settings.max_owed_age_s:
            return f"a counter's step has been owed for {age_s:.0f} s, more than {settings.max_owed_age_s:.0f} s"
        return None
