"""How good is retinopathy on a folder of photographs with a table of grades? What `mediassist evaluate retinopathy` prints."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from models.evaluation import Unreadable, said
from models.retinopathy import grader, photographs
from models.retinopathy.figures import Answer, estimates, reliability
from models.retinopathy.photograph import Unusable
from models.retinopathy.photographs import Photograph

Say = Callable[[str], None]


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
    figures["core_ms_a_photograph"] = 1000 * spent / len(answers)
    say(f"{figures['core_ms_a_photograph']:.0f} ms of cores a photograph, from file to grade")
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
