"""What became of an input."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from typing import Literal

from pose.errors import UserError

Outcome = Literal["processed", "refused", "failed"]

OURS = re.compile(r"The program failed|The results could not be written")
"""Sentences that hide a traceback: they tell a user no more than that there is a fault in the program."""


@dataclass(frozen=True)
class Verdict:
    """One input's fate.

    Attributes:
        outcome: "processed"; "refused" with a sentence; or "failed": a traceback, a hang, a crash, too much
            memory, garbage taken as good, something served or left lying that must not be.
        detail: the sentence, or what was wrong.
    """

    outcome: Outcome
    detail: str = ""

    @property
    def failed(self) -> bool:
        """Whether there is a fault to mend."""
        return self.outcome == "failed"


PROCESSED = Verdict("processed")


def refused(sentence: str) -> Verdict:
    """What was told to the user, if that is a sentence: not empty, not a program's text, not without end."""
    sentence = sentence.strip()
    if not sentence:
        return failed("refused without a word")
    if OURS.search(sentence) or "Traceback" in sentence:
        return failed(f"the user was told: {sentence}")
    if len(sentence) > 2000 or sentence.count("\n") > 3:
        return failed(f"this is no sentence but {len(sentence)} characters: {sentence[:300]} ...")
    return Verdict("refused", sentence)


def failed(detail: str) -> Verdict:
    """A fault."""
    return Verdict("failed", detail)


def of_error(error: BaseException) -> Verdict:
    """What an exception that reached the user makes of an input: only those written for users are words."""
    if isinstance(error, UserError):
        return refused(str(error))
    return failed("".join(traceback.format_exception(error))[-4000:])
