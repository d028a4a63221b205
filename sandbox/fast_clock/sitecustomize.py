"""Lets this Python's clock run as fast as the local AWS's: LOCAL_AWS_CLOCK is "BEGAN:SPEED".

Python imports it at its start, from PYTHONPATH. `time.monotonic` and the waits of threads and
sockets stay as they are: those are about this machine.
"""

from __future__ import annotations

import datetime
import os
import time

RealDatetime = datetime.datetime

if "LOCAL_AWS_CLOCK" in os.environ:
    _began, _speed = map(float, os.environ["LOCAL_AWS_CLOCK"].split(":"))
    _real_time, _real_sleep = time.time, time.sleep

    def _time() -> float:
        return _began + (_real_time() - _began) * _speed

    def _time_ns() -> int:
        return int(_time() * 1e9)

    def _sleep(seconds: float, /) -> None:
        _real_sleep(seconds / _speed)

    class _AnyDatetime(type):
        """What was made before, or in C, is one, too."""

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
