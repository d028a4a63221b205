"""Makes Python's clock follow the local AWS's, whose file is named by LOCAL_AWS_CLOCK.

Python imports this module from PYTHONPATH when it starts. `time.monotonic` and the waits of
threads and sockets stay as they are: they concern the real machine.
"""

from __future__ import annotations

import datetime
import os
import time

RealDatetime = datetime.datetime

LONGEST_NAP = 0.1
"""The longest real sleep, in seconds: after each, the clock's speed may have changed."""

if os.path.exists(os.environ.get("LOCAL_AWS_CLOCK", "")):  # noqa: PTH110 - keeps the start fast
    from local_aws_clock import Face  # type: ignore[import-not-found]

    _face = Face(os.environ["LOCAL_AWS_CLOCK"])
    _real_time, _real_sleep = time.time, time.sleep

    def _time() -> float:
        shown: float = _face.read(_real_time())[0]
        return shown

    def _time_ns() -> int:
        return int(_time() * 1e9)

    def _sleep(seconds: float, /) -> None:
        ends = _time() + seconds
        while True:
            now, speed = _face.read(_real_time())
            if now >= ends:
                return
            _real_sleep(min((ends - now) / speed, LONGEST_NAP))

    class _AnyDatetime(type):
        """Counts real datetimes, made earlier or in C, as instances, too."""

        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, RealDatetime)

    class _Datetime(RealDatetime, metaclass=_AnyDatetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> _Datetime:
            return cls.fromtimestamp(_time(), tz)

        @classmethod
        def utcnow(cls) -> _Datetime:
            return cls.fromtimestamp(_time(), datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls) -> _Datetime:
            return cls.fromtimestamp(_time())

    vars(time).update(time=_time, time_ns=_time_ns, sleep=_sleep)
    vars(datetime).update(datetime=_Datetime)
