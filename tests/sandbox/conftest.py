"""Helpers of the tests of the local AWS. Times are passed in; nothing here sleeps blindly."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import Desktops, Sandbox, Tempo

from .deployed import APP, Deployed

At = Callable[[float], datetime]
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture
def at() -> At:
    """`at(90)`: a minute and a half after ten."""
    return lambda seconds: START + timedelta(seconds=seconds)


@pytest.fixture
def model() -> Desktops:
    return Desktops(Tempo(), random.Random(1))


@pytest.fixture(scope="session")
def zipped() -> Callable[[str], bytes]:
    """A deployment package with one module, `app.py`."""

    def build(source: str) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", source)
        return buffer.getvalue()

    return build


@pytest.fixture
def aws() -> Iterator[Sandbox]:
    tempo = replace(Tempo.quick(minute=0.5), retry_delays=(6.0, 6.0))
    with Sandbox(tempo, seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def f(aws: Sandbox, zipped: Callable[[str], bytes]) -> Deployed:
    """A function that logs its event, and sleeps, fails or exits as the event says."""
    return Deployed(aws, zipped(APP))
