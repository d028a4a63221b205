"""Bugs that spread a bad image, refuse a good one, or make debts wait for one: P7."""

from __future__ import annotations

from .bug import Mutant

PROOFS = (
    Mutant(
        "prove on all",
        "P7",
        "images.py",
        "if proof.trials.get(image, workspace_id) != workspace_id:",
        "if False:",
    ),
    Mutant(
        "never give up a bad image",
        "P7",
        "images.py",
        "return failures(proof, image) >= TRIALS",
        "return False",
    ),
    Mutant(
        "forget bad ends when the image changes",
        "P7",
        "images.py",
        "return replace(proof, trials={**others, image: workspace_id}), Admission.PROVE",
        "failed = tuple(pair for pair in proof.failed if pair[0] == image)\n"
        "    trial = replace(proof, trials={**others, image: workspace_id}, failed=failed)\n"
        "    return trial, Admission.PROVE",
    ),
    Mutant(
        "forget the trial that is under way when the image changes",
        "P7",
        "images.py",
        "trials={**others, image: workspace_id}",
        "trials={image: workspace_id}",
    ),
    Mutant(
        "forget what was proven when the image changes",
        "P7",
        "images.py",
        "return image == self.proven or image in self.earlier",
        "return image == self.proven",
    ),
    Mutant(
        "a good end proves whatever image there is now",
        "P7",
        "gallery.py",
        "            image = proof.tried_by(workspace_id)\n",
        "            image = newest if proof.tried_by(workspace_id) else None\n",
    ),
    Mutant(
        "a good end proves its image though a newer one has come",
        "P7",
        "gallery.py",
        "if decision.verdict is Verdict.FINISHED and image == newest:",
        "if decision.verdict is Verdict.FINISHED:",
    ),
    Mutant(
        "a trial takes what image was read a minute ago",
        "P7",
        "gallery.py",
        "if admission is Admission.PROVE and (newest",
        "if False and (newest",
    ),
    Mutant(
        "a refused rebuild counts as a bad end",
        "P7",
        "gallery.py",
        "proof = images.abandoned(proof, trial.workspace_id)",
        "proof = images.failed(proof, trial.workspace_id)",
    ),
    Mutant(
        "a rebuild that never began counts as a bad end",
        "P7",
        "gallery.py",
        "elif decision.verdict is Verdict.FINISHED or decision.reason == NEVER_BEGAN:",
        "elif decision.verdict is Verdict.FINISHED:",
    ),
    Mutant(
        "a bad end says nothing",
        "P7",
        "gallery.py",
        "concluded = images.failed(proof, workspace_id)",
        "concluded = images.abandoned(proof, workspace_id)",
    ),
    Mutant(
        "a trial off the roster says nothing",
        "P7",
        "gallery.py",
        "if trial.version and (asked_at is None or not trial.facts.proving):",
        "if asked_at is None or not trial.facts.proving:",
    ),
    Mutant(
        "the wait for a trial never ends",
        "P7",
        "gallery.py",
        "elif asked_at is None or self._clock.now() - asked_at >= TRIAL_HOLDS:",
        "elif asked_at is None:",
    ),
    Mutant(
        "one ill WorkSpace condemns an image",
        "P7",
        "images.py",
        "if image and (image, workspace_id) not in ends:",
        "if image:",
    ),
    Mutant(
        "who has failed takes every trial",
        "P7",
        "gallery.py",
        "if failed_at is not None and self._clock.now() - failed_at < TRIAL_HOLDS:",
        "if False:",
    ),
)
