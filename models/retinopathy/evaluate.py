"""How good is retinopathy on a folder of photographs with a table of grades? What `mediassist evaluate retinopathy` prints."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from models.evaluation import Unreadable, said
from models.retinopathy import grader, photographs
from models.retinopathy.cameras import CAMERAS
from models.retinopathy.figures import Answer, estimates, reliability
from models.retinopathy.photograph import Unusable
from models.retinopathy.photographs import Photograph

Say = Callable[[str], None]
OTHERS = 50
"""Photographs, about, that are looked at as other cameras would have made them."""


def evaluate(data: Path, labels: Path | None, say: Say) -> dict[str, float]:
    """Judge the shipped network on the photographs of a folder; return the figures, and say them.

    Raises:
        Unreadable: no table of labels, or one that does not fit the pictures.
    """
    table = labels or next(iter(sorted(data.glob("*.csv"))), None)
    if table is None:
        raise Unreadable(f"{data} holds no table of grades: say --labels FILE.csv, with the columns image, dr_grade and dme_risk")
    known = photographs.read(data, table)
    if not known:
        raise Unreadable(f"{table} names no picture")
    shipped = grader.shipped()
    began = time.process_time()
    answers = [_answer(shipped, each) for each in known]
    spent = time.process_time() - began
    figures = {"photographs": float(len(answers)), "ungradable": float(sum(bool(each.unusable) for each in answers))}
    for reason, number in Counter(each.unusable for each in answers if each.unusable).items():
        say(f"{number} not graded: {reason}")
    say("grades, a line a grade, by what was told: 0, 1, 2, 3, 4")
    for grade in range(5):
        say(
            f"{grade}  "
            + "  ".join(f"{sum((a.grade, a.told) == (grade, told) and not a.unusable for a in answers):4}" for told in range(5))
        )
    for name, found in estimates(answers).items():
        figures |= said(name, found, say)
    for mean, share, number in reliability(answers):
        say(f"score of referral about {mean:.2f}: {share:.3f} of {number} are referable")
    figures |= _other_cameras(shipped, known[:: max(1, len(known) // OTHERS)], say)
    figures["core_ms_a_photograph"] = 1000 * spent / len(answers)
    say(f"{figures['core_ms_a_photograph']:.0f} ms of cores a photograph, from file to grade")
    return figures


def _other_cameras(shipped: grader.Grader, known: Sequence[Photograph], say: Say) -> dict[str, float]:
    """Say what becomes of some photographs as other cameras would have made them: beside what was said of them as they are."""
    pictures = [grader.picture_of(each.path.read_bytes()) for each in known]
    plain = [shipped.grade(picture) for picture in pictures]
    figures: dict[str, float] = {}
    for name, camera in CAMERAS.items():
        refused, alike, moved = 0, 0, list[float]()
        for picture, before in zip(pictures, plain, strict=True):
            after = shipped.grade(camera(picture))
            if isinstance(after, Unusable):
                refused += 1
            elif not isinstance(before, Unusable):
                alike += (after.verdict.referable >= 0.5) == (before.verdict.referable >= 0.5)
                moved.append(abs(after.verdict.grade - before.verdict.grade))
        key, graded = name.replace(" ", "_"), max(1, len(moved))
        figures |= {
            f"{key}_refused": refused / len(known),
            f"{key}_same_referral": alike / graded,
            f"{key}_grades_off": sum(moved) / graded,
        }
        say(
            f"as by a camera that is {name}: {refused} of {len(known)} refused; of the others {alike / graded:.0%} referred alike, grades {sum(moved) / graded:.2f} off"
        )
    return figures


def _answer(shipped: grader.Grader, each: Photograph) -> Answer:
    try:
        graded = shipped.grade(grader.picture_of(each.path.read_bytes()))
    except (grader.NoPicture, OSError) as error:
        raise Unreadable(f"{each.path.name}: {error}") from error
    if isinstance(graded, Unusable):
        return Answer(each.path.stem, each.grade, each.risk, 0, 0, 1.0, str(graded))
    verdict = graded.verdict
    return Answer(each.path.stem, each.grade, each.risk, verdict.grade, verdict.risk, verdict.referable)
