"""Bugs that let one cause harm a whole bundle, or make its WorkSpaces wait for nothing: P7."""

from __future__ import annotations

from .bug import bugs

CANARIES = (
    *bugs(
        "P7",
        "canary.py",
        {
            "trust an unknown image": (
                "        return bundle, Admission.IMAGE_UNKNOWN",
                "        return bundle, Admission.GO",
            ),
            "trust whatever was proven once": (
                "not self.lost and now - self.proven_at < canary_after",
                "not self.lost",
            ),
            "trust any image": (
                "if image == bundle.image_id and bundle.is_proven(",
                "if bundle.is_proven(",
            ),
            "a loss changes nothing": (
                "return self.proven_at is not None and not self.lost and",
                "return self.proven_at is not None and",
            ),
            "everybody goes first": (
                "if bundle.canary not in (None, workspace_id):",
                "if False:",
            ),
            "never hold a bundle": (
                "return len(self.lost) >= MOST_LOST",
                "return False",
            ),
            "others try as often however many were lost so": (
                "pause = UNTRIED_FOR * 2.0 ** (len(self.lost) - MOST_LOST)",
                "pause = UNTRIED_FOR",
            ),
            "hold a bundle for those that are lost, too": (
                "return not is_known or untried >= timedelta(days=1)",
                "return False",
            ),
            "a bundle whose lost ones cannot be tried is held for ever": (
                "return untried >= (pause if is_lost_image else timedelta(days=1))",
                "return False",
            ),
            "a bundle lets others try while its lost ones wait for their daily try": (
                "UNTRIED_FOR = timedelta(days=4)",
                "UNTRIED_FOR = timedelta(hours=2)",
            ),
            "one WorkSpace that is ill itself holds a bundle": (
                "        if facts.failed is not None:\n            return bundle\n",
                "",
            ),
            "each that is lost tries an image that three were lost to": (
                "is_known = is_lost_image and len(self.lost_to_it) >= MOST_LOST",
                "is_known = False",
            ),
            "a bad end says nothing": (
                "bundle = replace(bundle, lost=_with(workspace_id, bundle.lost))",
                "pass",
            ),
            "a proof from before the loss is still one": (
                "bundle = replace(bundle, proven_at=None)",
                "pass",
            ),
            "a repetition that fails leaves its bundle trusted": (
                "        bundle = replace(bundle, proven_at=None)\n",
                "        if facts.failed is None:\n"
                "            bundle = replace(bundle, proven_at=None)\n",
            ),
            "what was under way when a repetition failed proves the image": (
                "(bundle.lost or not was_lost)",
                "bundle.lost",
            ),
            "an older good end mends what was lost later": (
                "asked_at < bundle.seen_at\n",
                "False\n",
            ),
            "a good end proves what was lost after its request": (
                "asked_at < bundle.seen_at\n",
                "asked_at < (bundle.lost_at or asked_at)\n",
            ),
            "a good end of an unknown image proves it": (
                "(bundle.lost or not was_lost)) or image is None:",
                "(bundle.lost or not was_lost)):",
            ),
            "the canary's place is never free again": (
                "return replace(bundle, canary=None) if bundle.canary == workspace_id else bundle",
                "return bundle",
            ),
        },
    ),
    *bugs(
        "P7",
        "bundles.py",
        {
            "a bad end counts from when it was confirmed": (
                "(failed.bad_since if failed is not None else None) or now",
                "now",
            ),
            "what a person may have ended proves its image": (
                "        if claim.was_endless:\n",
                "        if False:\n",
            ),
            "a proof is renewed after an hour, however short it holds": (
                "holds = min(PROOF_RENEWED_AFTER, (canary_after or timedelta.max) / 12)",
                "holds = PROOF_RENEWED_AFTER",
            ),
            "without canaries no end is remembered": (
                "bundle_id is None:\n            return\n        workspace_id",
                "None in (bundle_id, canary_after):\n            return\n        workspace_id",
            ),
            "the others of a held bundle wait for its canary": (
                "return Admission.HELD if is_stranger else Admission.WAIT",
                "return Admission.WAIT",
            ),
            "each look at a rebuild without end counts": (
                "if id_ in bundle.lost or after(bundle.proven_at, overdue_at):",
                "if False:",
            ),
            "one that never ends does not count after a later one that failed": (
                "if id_ in bundle.lost or after(bundle.proven_at, overdue_at):",
                "if after(bundle.lost_at, facts.claim.asked_at) "
                "or after(bundle.proven_at, overdue_at):",
            ),
            "an old good end proves its image from when it was seen": (
                "ended_at = now if settled_at is None else settled_at - SETTLES_WITHIN",
                "ended_at = now",
            ),
            "a canary takes what image was read a minute ago": (
                "if admission is Admission.GO_FIRST and image != self._image_anew(bundle_id):",
                "if False:",
            ),
            "a good end proves its image though a newer one has come": (
                "if claim.goes_first and self._image_anew(bundle_id) not in (None, image):",
                "if False:",
            ),
            "a canary that was deleted is lost": (
                "elif not facts.is_unseen and now >= (overdue_at",
                "elif now >= (overdue_at",
            ),
            "a canary that was deleted keeps its place": (
                "or self._is_gone(facts, claim):",
                "or False:",
            ),
            "one answer without the canary frees its place": (
                "UNSEEN_FOR = timedelta(minutes=30)",
                "UNSEEN_FOR = timedelta(minutes=0)",
            ),
            "the wait for a canary never ends": (
                "elif not facts.is_unseen and now >= (overdue_at := claim.asked_at + ENDS_WITHIN):",
                "elif False:",
            ),
            "a canary that was never asked for keeps its place": (
                "if claim is None or not claim.goes_first or self",
                "if claim and not claim.goes_first or self",
            ),
            "lost for ever": (
                "return canary.without(bundle, frozenset(mended))",
                "return bundle",
            ),
            "who was restored by a person is lost no more": (
                "return None not in (image, bundle.lost_image) and image != bundle.lost_image",
                "return True",
            ),
            "a rebuild that did not take place is a loss": (
                "decision.verdict is Verdict.FAILED and decision.reason not in IN_VAIN:",
                "decision.verdict is Verdict.FAILED:",
            ),
            "who waits for a canary waits although the bundle is trusted": (
                "if bundle.canary not in (None, id_) and not bundle.is_proven(now, canary_after):",
                "if bundle.canary not in (None, id_):",
            ),
            "others try while one that is lost waits for its next try": (
                "if admission is Admission.GO_FIRST and is_stranger and",
                "if False and",
            ),
            "a rebuild that is believed proves its image": (
                "if decision.verdict is Verdict.FINISHED:",
                "if decision.verdict in (Verdict.FINISHED, Verdict.BELIEVED):",
            ),
            "an image is known for a day": (
                "READING_HOLDS = timedelta(minutes=1)",
                "READING_HOLDS = timedelta(days=1)",
            ),
        },
    ),
    *bugs(
        "P7",
        "rebuilder.py",
        {
            "the others do not wait for the canary": (
                "{Admission.WAIT: Deferral.CANARY, ",
                "{",
            ),
            "a held bundle holds nobody": (
                ", Admission.HELD: Deferral.HELD_BUNDLE}",
                "}",
            ),
        },
    ),
    *bugs(
        "P7",
        "claims.py",
        {
            "to stop what a rebuild broke ends it well": (
                "or may_go_on or is_interrupted or seen.state",
                "or may_go_on or seen.state",
            ),
            "a stop on its way is the end of a rebuild": (
                "if may_begin or may_go_on or",
                "if may_begin or",
            ),
            "a reboot of what a rebuild broke proves the image": (
                "if seen.state == RESTORING or is_interrupted:",
                "if seen.state == RESTORING:",
            ),
            "who is stopped after a failure has recovered": (
                'seen.state != "AVAILABLE" or not may_heal(facts, now)',
                "seen.state not in USABLE_STATES or not may_heal(facts, now)",
            ),
        },
    ),
    *bugs(
        "P7",
        "lifecycle.py",
        {
            "a reboot after a failure proves the image": (
                "if facts.failed is not None and seen.state in claims.INTERRUPTED_STATES:",
                "if False:",
            ),
        },
    ),
)
