"""The model of desktops: what users and time do to them."""

from __future__ import annotations

import random

import pytest

from sandbox import (
    CannotConnect,
    Desktops,
    Happening,
    Outcome,
    Presence,
    Refused,
    Row,
    State,
    Tempo,
)

from .conftest import At

MINUTE = 60
HOUR = 3600


def test_a_connection_is_only_sampled_every_five_minutes(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.sign_in(desktop.id, at(301))
    assert desktop.sample is not None
    checked = desktop.sample.checked_at
    assert at(0) <= checked <= at(300)
    assert desktop.sample.state == "DISCONNECTED"
    model.tick(at(601))
    assert desktop.sample.state == "CONNECTED"
    assert (desktop.sample.checked_at - checked).total_seconds() == 300


def test_a_sample_shows_the_moment_it_was_taken_not_the_moment_it_is_read(
    model: Desktops, at: At
) -> None:
    desktop = model.add(at(0))
    model.sign_in(desktop.id, at(1))
    model.sign_out(desktop.id, at(302))
    assert desktop.sample is not None
    assert desktop.sample.state == "CONNECTED"
    assert desktop.sample.checked_at < at(302)


def test_last_known_connection_is_the_last_moment_seen_or_the_login(at: At) -> None:
    for is_login, expected in ((False, at(400)), (True, at(100))):
        model = Desktops(Tempo(), random.Random(1), last_known_is_login=is_login)
        desktop = model.add(at(0))
        model.sign_in(desktop.id, at(100))
        model.sign_out(desktop.id, at(400))
        model.tick(at(1000))
        assert desktop.sample is not None
        assert desktop.sample.last_user_connection == expected


def test_a_stopped_desktop_has_an_unknown_connection(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.stop(desktop.id, at(10))
    assert desktop.state.value == "STOPPING"
    model.tick(at(1000))
    assert desktop.state.value == "STOPPED"
    assert desktop.sample is not None
    assert desktop.sample.state == "UNKNOWN"


def test_signing_out_and_dropping_both_count_as_a_disconnect(model: Desktops, at: At) -> None:
    first, second = model.add(at(0)), model.add(at(0))
    for desktop in (first, second):
        model.sign_in(desktop.id, at(10))
    model.sign_out(first.id, at(20))
    model.drop(second.id, at(30))
    ended = [f.desktop_id for f in model.collect() if f.what is Happening.SESSION_ENDED]
    assert ended == [first.id, second.id]
    assert second.presence is Presence.DROPPED


def test_signing_out_of_a_dropped_session_is_no_second_disconnect(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.sign_in(desktop.id, at(10))
    model.drop(desktop.id, at(20))
    model.collect()
    model.sign_out(desktop.id, at(30))
    assert model.collect() == []


def test_a_resumed_session_raises_no_sign_in_unless_told_to(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.sign_in(desktop.id, at(10))
    for signs_in, expected in ((False, []), (True, [Happening.SIGNED_IN])):
        model.drop(desktop.id, at(20))
        model.collect()
        model.reconnect(desktop.id, at(30), signs_in=signs_in)
        assert [fact.what for fact in model.collect()] == expected


def test_nobody_connects_to_a_desktop_that_is_being_rebuilt(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.rebuild(desktop.id, at(10))
    with pytest.raises(CannotConnect, match="REBUILDING"):
        model.sign_in(desktop.id, at(20))


def test_an_auto_stop_desktop_starts_for_its_user(model: Desktops, at: At) -> None:
    desktop = model.add(at(0), running_mode="AUTO_STOP")
    model.stop(desktop.id, at(10))
    model.sign_in(desktop.id, at(200))
    assert (desktop.state, desktop.presence) == (State.AVAILABLE, Presence.CONNECTED)


def test_a_rebuild_erases_the_root_volume_and_rolls_the_user_volume_back(
    model: Desktops, at: At
) -> None:
    desktop = model.add(at(0))
    address = desktop.ip_address
    model.sign_in(desktop.id, at(10))
    model.save(desktop.id, "before the snapshot")
    model.take_snapshot(desktop.id, at(20))
    model.save(desktop.id, "after the snapshot")
    model.sign_out(desktop.id, at(30))
    model.rebuild(desktop.id, at(40))
    assert desktop.state.value == "REBUILDING"
    model.tick(at(40 + 20 * MINUTE))
    assert desktop.state.value == "AVAILABLE"
    assert desktop.root_volume == desktop.image_id
    assert desktop.user_volume == "before the snapshot"
    assert desktop.ip_address != address
    assert desktop.rebuilds[0].finished_at == at(40 + 20 * MINUTE)


def test_the_truth_of_a_rebuild_says_where_the_user_was(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.sign_in(desktop.id, at(10))
    rebuild = model.rebuild(desktop.id, at(20))
    assert rebuild.presence is Presence.CONNECTED
    details = [fact.detail for fact in model.collect() if fact.what is Happening.SESSION_ENDED]
    assert details == ["rebuilt under the user"]


@pytest.mark.parametrize("state", list(State))
def test_only_five_states_allow_a_rebuild(model: Desktops, at: At, state: State) -> None:
    desktop = model.add(at(0))
    model.set_state(desktop.id, state, at(1))
    if state in ("AVAILABLE", "ERROR", "UNHEALTHY", "STOPPED", "REBOOTING"):
        model.rebuild(desktop.id, at(2))
        assert len(desktop.rebuilds) == 1
    else:
        with pytest.raises(Refused, match=state):
            model.rebuild(desktop.id, at(2))


def test_without_a_snapshot_a_rebuild_is_refused_until_there_is_one(
    model: Desktops, at: At
) -> None:
    desktop = model.add(at(0), snapshot=False)
    with pytest.raises(Refused, match="snapshot"):
        model.rebuild(desktop.id, at(60))
    model.rebuild(desktop.id, at(30 * MINUTE))
    assert desktop.state is State.REBUILDING


def test_snapshots_come_half_an_hour_after_a_rebuild_and_then_twice_a_day(
    model: Desktops, at: At
) -> None:
    desktop = model.add(at(0))
    model.rebuild(desktop.id, at(0))
    model.tick(at(50 * MINUTE))
    assert desktop.snapshot is not None
    assert desktop.snapshot.at == at(50 * MINUTE)
    model.tick(at(50 * MINUTE + 12 * HOUR))
    assert desktop.snapshot.at == at(50 * MINUTE + 12 * HOUR)


def test_a_rebuild_may_fail_or_never_begin(model: Desktops, at: At) -> None:
    failing, sleeping = model.add(at(0)), model.add(at(0))
    failing.faults.rebuild = Outcome.FAILS
    sleeping.faults.rebuild = Outcome.NEVER_BEGINS
    for desktop in (failing, sleeping):
        model.rebuild(desktop.id, at(1))
    model.tick(at(HOUR))
    assert failing.state is State.ERROR
    assert sleeping.state is State.AVAILABLE
    assert sleeping.rebuilds[0].finished_at is None


def test_a_rebuild_takes_the_bundles_image_of_its_moment(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.set_image(desktop.bundle_id, "wsi-new000001", at(1))
    model.rebuild(desktop.id, at(2))
    model.set_image(desktop.bundle_id, "wsi-new000002", at(3))
    model.tick(at(HOUR))
    assert desktop.image_id == "wsi-new000001"


def test_a_bad_image_fails_every_rebuild(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.set_image(desktop.bundle_id, "wsi-bad000001", at(1), bad=True)
    model.rebuild(desktop.id, at(2))
    model.tick(at(HOUR))
    assert desktop.state is State.ERROR


def test_a_frozen_sample_stands_still(model: Desktops, at: At) -> None:
    desktop = model.add(at(0))
    model.tick(at(300))
    before = desktop.sample
    desktop.faults.row = Row.FROZEN
    model.tick(at(HOUR))
    assert desktop.sample is before


def test_the_same_seed_gives_the_same_fleet(at: At) -> None:
    fleets = []
    for _ in range(2):
        model = Desktops(Tempo(), random.Random(7))
        fleets.append([model.add(at(0)) for _ in range(5)])
    assert fleets[0] == fleets[1]
