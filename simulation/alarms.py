"""The judge of alarms (P6): quiet in calm weather, ringing while a person is needed, once a fault.

It evaluates the deployed metric filters and alarms on the function's log lines and on the metrics
that AWS publishes. The world tells it what needs a person (`needs`, `mended`); errors, dead letters
and silence it recognises by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.cloudwatch import AlarmState, CloudWatch, Metric, Transition

from .deployed import FLEET, Deployed, deployed

RINGS_WITHIN = timedelta(hours=2)
"""The longest time from when something needs a person to the alarm."""

CALMS_WITHIN = timedelta(hours=29)
"""The longest time from the remedy to OK: a failed rebuild is tried again a day after the last
attempt, which may have been in progress, and each of the two may take over two hours."""

FIRST_LINES = timedelta(minutes=30)
"""How long after deployment an alarm on missing data may ring: nothing has been counted yet."""

PRESENT = timedelta(minutes=12)
"""How long a line that names a WorkSpace in need of a person counts as the present state."""

SILENCE = timedelta(minutes=10)
"""The longest time without a line of gauges; they come every five minutes. In a period without one,
CloudWatch evaluates an older period, which may show the opposite."""

STREAK = timedelta(minutes=5)
"""Errors no further apart than this are one lasting failure."""

QUEUE_IS_ACTIVE = timedelta(hours=6)
"""How long after its last use SQS publishes a queue's metrics every minute (SQS developer guide,
"Available CloudWatch metrics")."""

NAMED_AT_MOST = 100
"""The most WorkSpaces that the log names at a time."""

ERRORS = Metric.of("AWS/Lambda", "Errors", {"FunctionName": FLEET})
LETTERS = Metric.of(
    "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": f"{FLEET}-dead-letters"}
)


@dataclass(frozen=True)
class Broken:
    """A violation of P6."""

    at: datetime
    what: str


@dataclass
class Need:
    """Something that needs a person, or may seem to; at least one of `alarms` reports it.

    `must`: an alarm has to ring, and the log has to name the WorkSpace or held bundle `named`.
    `rung`: the alarms that have rung for it. `told`: a violation has been reported for it.
    """

    alarms: frozenset[str]
    since: datetime
    must: bool = True
    named: str | None = None
    rung: set[str] = field(default_factory=set)
    told: bool = False
    mended_at: datetime | None = None

    @property
    def names(self) -> str:
        return "the alarm " + " or ".join(sorted(self.alarms))


@dataclass
class AlarmJudge:
    """Call `heard`, `invoked`, `letters`, `needs`, `mended` on events, and `look` each minute."""

    began: datetime
    calm: bool = False
    """Whether no alarm at all may ring."""
    strict: bool = True
    """Whether the known needs are complete. If not, alarms may ring for others, which may be
    mistaken for these in the first two hours."""
    what: Deployed = field(default_factory=deployed)
    transitions: list[Transition] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    rung: int = 0
    """How often any alarm has gone to ALARM, except new ones on missing data."""

    def __post_init__(self) -> None:
        self.cloudwatch = CloudWatch()
        for alarm in self.what.operations:
            self.cloudwatch.add(alarm)
        self._at_birth = {a.name for a in self.what.operations if a.rule.missing == "breaching"}
        self._needs: dict[object, Need] = {}
        self._open: list[Need] = []
        self._named: dict[str, datetime] = {}
        self._waiting: dict[str, datetime] = {}
        """WorkSpaces that lines name because they wait for a held bundle."""
        self._gauged_at = self._blind_at = self.began
        self._failing: tuple[datetime, datetime] | None = None
        self._letters = 0
        self._letters_until = self.began

    @property
    def ringing(self) -> set[str]:
        """The alarms that are in ALARM."""
        states = self.cloudwatch.states.items()
        return {name for name, state in states if state is AlarmState.ALARM}

    def rings(self, alarm: str) -> int:
        """How often an alarm has gone to ALARM."""
        return sum(t.alarm == alarm and t.new is AlarmState.ALARM for t in self.transitions)

    # -- what is seen -------------------------------------------------------------------------

    def heard(self, line: Mapping[str, Any], at: datetime) -> None:
        """Take in a log line of the function, with all its fields."""
        for metric_filter in self.what.filters:
            counted = metric_filter.count(line)
            if counted is not None:
                self.cloudwatch.put(*counted, at)
        match line.get("decision"):
            case "gauges":
                self._gauged_at = at
                self.mended("silence", at)
            case "needs_person":
                held = line.get("needs") == "held_bundle"
                self._named[str(line.get("bundle_id" if held else "workspace_id"))] = at
                if held:
                    self._waiting[str(line.get("workspace_id"))] = at

    def invoked(self, failed: bool, at: datetime) -> None:
        """Take in an invocation's end; one that times out or runs out of memory has failed, too."""
        self.cloudwatch.put(ERRORS, float(failed), at)
        if not failed:
            return
        since = at
        if self._failing and at - self._failing[1] <= STREAK:
            since = self._failing[0]
        self._failing = (since, at)
        self.needs("errors", ["errors"], at, since=since, must=at - since > RINGS_WITHIN)

    def letters(self, visible: int, at: datetime) -> None:
        """Take in how many dead letters there are now."""
        self._letters = visible
        if visible:
            self.needs("letters", ["dead-letters"], at)
        else:
            self.mended("letters", at)

    # -- what is true -------------------------------------------------------------------------

    def needs(
        self,
        subject: object,
        alarms: Iterable[str],
        at: datetime,
        *,
        since: datetime | None = None,
        must: bool = True,
        named: str | None = None,
    ) -> None:
        """Note that a person is needed for `subject`, from now on or `since`. Further calls change
        nothing, except that `must` may become true."""
        need = self._needs.get(subject)
        if need is None:
            need = self._needs[subject] = Need(frozenset(alarms), since or at, must, named)
            self._open.append(need)
        need.must = need.must or must

    def mended(self, subject: object, at: datetime) -> None:
        """Note that nobody is needed for `subject` any more."""
        need = self._needs.pop(subject, None)
        if need is not None:
            need.mended_at = at

    def forget(self, subject: object) -> None:
        """Stop judging `subject`: whether anybody is needed for it is no longer known."""
        need = self._needs.pop(subject, None)
        if need is not None:
            self._open.remove(need)

    # -- the judgement ------------------------------------------------------------------------

    def look(self, now: datetime) -> list[Broken]:
        """Evaluate the alarms; return the violations since the last look."""
        known = len(self.broken)
        self._notice(now)
        for transition in self.cloudwatch.evaluate(now):
            self.transitions.append(transition)
            if transition.new is AlarmState.ALARM:
                self._rose(transition.alarm, now)
        if self._open:
            self._judge(now)
        return self.broken[known:]

    def _notice(self, now: datetime) -> None:
        """Note what the judge recognises by itself."""
        if self._letters:
            self._letters_until = now + QUEUE_IS_ACTIVE
        if now < self._letters_until:
            self.cloudwatch.put(LETTERS, float(self._letters), now)
        if now - self._gauged_at >= SILENCE:
            self._blind_at = now
        if now - self._gauged_at > SILENCE:
            self.needs("silence", ["silent"], now, since=self._gauged_at)
        if self._failing and now - self._failing[1] > STREAK:
            self.mended("errors", self._failing[1])
            self._failing = None

    def _rose(self, alarm: str, now: datetime) -> None:
        causes = [need for need in self._open if alarm in need.alarms]
        known = causes and all(alarm in need.rung for need in causes)
        if alarm in self._at_birth and now - self.began <= FIRST_LINES:
            return
        self.rung += 1
        if self.calm:
            self._break(now, f"the alarm {alarm} rings in calm weather")
        elif not causes and self.strict:
            self._break(now, f"the alarm {alarm} rings although nothing needs a person")
        elif known and not self._others(causes, now) and not self._is_blind(now):
            self._break(now, f"the alarm {alarm} rings again for the same fault")

    def _is_blind(self, now: datetime) -> bool:
        """Whether lines were missing lately, so that alarms may show an older state."""
        return self.began < self._blind_at and now - self._blind_at <= 2 * SILENCE

    def _others(self, causes: list[Need], now: datetime) -> set[str]:
        """Whom the lines name now besides `causes`: each has another fault."""
        named = {id_ for id_ in self._named if self._names(id_, now)}
        return named - {need.named for need in causes if need.named}

    def _judge(self, now: datetime) -> None:
        for need in self._open:
            if need.mended_at is None:
                self._judge_open(need, now)
            elif now - need.mended_at > CALMS_WITHIN and self._rings_on(need):
                self._break(now, f"{need.names} still rings, mended at {need.mended_at:%d %H:%M}")
        self._open = [
            need
            for need in self._open
            if need.mended_at is None or now - need.mended_at <= CALMS_WITHIN
        ]

    def _judge_open(self, need: Need, now: datetime) -> None:
        ringing = need.alarms & self.ringing
        named = need.named is None or self._names(need.named, now)
        if ringing and named:
            need.rung |= ringing
            return
        overdue = now - need.since > RINGS_WITHIN
        if not self.strict and not ringing and not overdue:
            need.rung.clear()
        stops = need.rung and not ringing and not self._is_blind(now)
        if need.told or not need.must or not (overdue or stops):
            return
        if ringing:
            what = f"no line names {need.named}"
        else:
            what = f"{need.names} {'stops ringing' if need.rung else 'does not ring'}"
        self._break(now, f"{what}; needed since {need.since:%d %H:%M}")
        need.told = True

    def _rings_on(self, mended: Need) -> bool:
        """Whether one of its alarms still rings without another need, present or more recent."""
        needed = {
            name
            for need in self._open
            if need.mended_at is None or (mended.mended_at and need.mended_at > mended.mended_at)
            for name in need.alarms
        }
        return bool((mended.alarms & self.ringing) - needed)

    def _names(self, workspace_id: str, now: datetime) -> bool:
        if len(self._open) > NAMED_AT_MOST:
            return True
        lines = (self._named.get(workspace_id), self._waiting.get(workspace_id))
        return any(named_at is not None and now - named_at <= PRESENT for named_at in lines)

    def _break(self, at: datetime, what: str) -> None:
        self.broken.append(Broken(at, what))
