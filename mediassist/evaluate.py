"""How good is a detector on your recordings? `mediassist evaluate MODEL --data FOLDER [--labels CSV] [--report FILE]`.

glucose        tables (.csv, .csv.gz) with the columns person_id, timestamp, glucose_mg_dl: errors 30 and 60 minutes ahead beside "as now", from all and from
               real readings, how often the truth lies between the bounds, warnings of low glucose in time and false ones a day; intervals by people.
heart_rhythm   WFDB records (.hea, .dat) with beats marked in .atr: sensitivity, positive predictive value and F1 of the first lead's R peaks,
               at most 150 ms from the mark, each with its 95 % interval by recordings, every recording's misses and extras, and what it cost;
               of the classes N, S, V, F of ANSI/AAMI EC57: accuracy, mean sensitivity, j-kappa, and both figures of each class; and of the rhythms
               that the marks tell of: how much of their time is told, and how much of what is told is theirs.
ppg            pulse waves as bidmc_NN.npz (ppg, gain_ppg, fs, breaths_1, breaths_2, rr, hr): mean absolute errors of breaths a minute, against annotators and
               against the monitor, beside those of "always 17", and of the pulse; how well the quality foretells a wrong pulse; intervals by people.
retinopathy    photographs of the retina in a folder, or below it, and a table (CSV) with the columns image, dr_grade (0 to 4) and, if known, dme_risk (0 to 2):
               quadratic weighted kappa, accuracy, joint accuracy of grade and risk, AUROC, sensitivity and specificity of referral, each with its 95 %
               interval by photographs, and how true its scores are; a photograph that it calls ungradable counts as wrong.
stream_anomaly tables (timestamp, value) under data/ with labels/combined_windows.json (or --labels), as the Numenta Anomaly Benchmark has them: its scores; and
               ECG leads as .npz (value, label, fs) or WFDB records with marks: AUC-PR and AUROC of their samples; each value judged as it comes.
vital_anomaly  WFDB records with marks (.hea, .atr: rhythms and ectopic beats are what is abnormal) and bidmc_NN.npz (vitals outside limits are): AUROC, AUPRC,
               sensitivity, specificity, predictive value of its minutes, and alerts a patient-day; and of trends of vitals (bidmc_NN.npz, wristbands as SNN.npz),
               as they are and with episodes planted: sensitivity, and alerts a patient-day beside plain limits and NEWS2; intervals by people.

The artefact that ships is what is asked. It needs the extra `demo` or `train`. Exit status 2: nothing to read there.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from models.evaluation import Unreadable

MODELS = {name: f"models.{name}.evaluate" for name in ("glucose", "heart_rhythm", "ppg", "retinopathy", "stream_anomaly", "vital_anomaly")}


def evaluate(arguments: Sequence[str]) -> int:
    """Run `mediassist evaluate`; 0: done, 2: it cannot be."""
    parser = argparse.ArgumentParser(prog="mediassist evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--data", type=Path, required=True, help="the folder of recordings")
    parser.add_argument("--labels", type=Path, help="where the labels are, of data that does not carry them")
    parser.add_argument("--report", type=Path, help="write the figures here, as JSON")
    given = parser.parse_args(arguments)
    try:
        figures: dict[str, float] = import_module(MODELS[given.model]).evaluate(given.data, given.labels, print)
    except ModuleNotFoundError as error:
        print(f"{error.name} is not installed: `pip install 'mediassist[demo]'`", file=sys.stderr)
        return 2
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    if given.report is not None:
        context = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        report: dict[str, object] = {"figures": figures, "goals": {}, "missed": [], "context": context}
        given.report.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return 0
