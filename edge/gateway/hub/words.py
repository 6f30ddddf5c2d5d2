"""The words of the hub's page: for the people who live there."""

from datetime import datetime
from zoneinfo import ZoneInfo

from protocol.metrics import (
    BLOOD_GLUCOSE,
    BODY_TEMPERATURE,
    BODY_WEIGHT,
    DIASTOLIC_PRESSURE,
    HEART_RATE,
    INTERSTITIAL_GLUCOSE,
    MEAN_PRESSURE,
    METRICS,
    PULSE_RATE,
    RESPIRATORY_RATE,
    SPO2,
    SYSTOLIC_PRESSURE,
    Absence,
)
from protocol.samples import Reading

KINDS = {
    "heart_rate_belt": "Chest belt",
    "pulse_oximeter": "Finger sensor",
    "thermometer": "Thermometer",
    "ecg_patch": "Heart patch",
    "blood_pressure_cuff": "Blood pressure cuff",
    "weight_scale": "Scale",
    "glucose_meter": "Blood sugar meter",
    "glucose_sensor": "Blood sugar sensor",
}
_METRICS = {
    HEART_RATE.code: "Heart rate",
    PULSE_RATE.code: "Pulse",
    SPO2.code: "Oxygen",
    BODY_TEMPERATURE.code: "Temperature",
    RESPIRATORY_RATE.code: "Breaths",
    SYSTOLIC_PRESSURE.code: "Blood pressure",
    BLOOD_GLUCOSE.code: "Blood sugar",
    INTERSTITIAL_GLUCOSE.code: "Blood sugar",
    BODY_WEIGHT.code: "Weight",
}
_UNITS = {"/min": "a minute", "Cel": "°C", "mm[Hg]": "mmHg"}
_ABSENT = {
    Absence.OFF_BODY: "not on the body",
    Absence.POSITIVE_INFINITY: "higher than it can measure",
    Absence.NEGATIVE_INFINITY: "lower than it can measure",
    Absence.TIME_UNKNOWN: "measured while its clock was wrong",
}
_ALARMS = {
    "glucose": "Your blood sugar needs attention",
    "early_warning": "Your vital signs are outside what is usual",
    "vital_anomaly": "Your heartbeat or vital signs look unusual",
    "vital_trend": "Your vital signs are changing together",
    "changed_bond": "A device is not the one that was added",
    "silence": "A device is silent",
    "mute_cloud": "Your care team's computer does not answer",
    "threshold": "A value is outside the limits that were set for you",
    "baseline": "A value is unusual for you",
    "atrial_fibrillation": "Your heartbeat is irregular",
    "ventricular_tachycardia": "Your heart had a run of extra beats",
    "pause": "Your heart paused, or the heart patch sits badly",
}
_ADVICE = {
    "high": "Call your care team now. If you feel very unwell, call an ambulance.",
    "medium": "Rest, check that your devices sit well, and call your care team today.",
    "low": "Your care team will look at it.",
}
_ADVICE_OF_KIND = {
    "changed_bond": "If you have reset it, add it again below. If not, put it away and call your care team.",
    "mute_cloud": "What you measure is kept here. Check the internet at home; if you need help, call your care team by telephone.",
    "silence": "Wear it, charge it, and bring it near the hub. If you took it off on purpose, say that you have seen this.",
}
WHY_NOT_PAIRED = {
    "wrong_answer": "That was not the number on the device, or it took too long. Choose the device and try again.",
    "refused": "The device refused. Switch it off and on, remove it from your phone or other hubs, and try again.",
    "gone": "The device went away. Bring it closer, make sure that it is switched on, and try again.",
    "broken": "The hub could not keep this device. Try again; if it happens again, call your clinic.",
    "no_radio": "The radio of this hub cannot listen now. Switch the hub off and on, then try again.",
}
_CLOSE_DBM, _NEAR_DBM = -60, -80
_BESIDE = frozenset({DIASTOLIC_PRESSURE.code, MEAN_PRESSURE.code})


def kind_text(kind: str) -> str:
    """Return what a kind of wearable is called at home."""
    return KINDS.get(kind, kind.replace("_", " ").capitalize())


def values(latest: dict[int, Reading]) -> list[tuple[str, str, int]]:
    """Return (what, how much, ms UTC when) of a wearable's newest readings; a pressure has both its numbers in one."""
    found: list[tuple[str, str, int]] = []
    for code in sorted(latest):
        if code in _BESIDE or code not in METRICS:
            continue
        reading, metric = latest[code], METRICS[code]
        number = f"{reading.value:.{metric.decimals}f}"
        beside = latest.get(DIASTOLIC_PRESSURE.code)
        if code == SYSTOLIC_PRESSURE.code and beside is not None and beside.at == reading.at and not beside.absence:
            number += f" over {beside.value:.0f}"
        unit = _UNITS.get(metric.unit, metric.unit)
        text = f"{number} {unit}" if not reading.absence else _ABSENT.get(Absence(reading.absence), "no value")
        found.append((_METRICS.get(code, metric.name.replace("_", " ").capitalize()), text, reading.at))
    return found


def ago(at: int | None, now: int, zone: ZoneInfo) -> str:
    """Return how long ago, in the home's words: "now", "4 minutes ago", "today at 07:12", "on 3 March at 07:12"."""
    if at is None:
        return "never"
    seconds = max(0, now - at) // 1000
    if seconds < 20:
        return "now"
    if seconds < 60:
        return f"{seconds} seconds ago"
    if seconds < 3600:
        minutes = seconds // 60
        return f"{minutes} minute{'s' if minutes > 1 else ''} ago"
    moment, today = (datetime.fromtimestamp(ms / 1000, zone) for ms in (at, now))
    if moment.date() == today.date():
        return f"today at {moment:%H:%M}"
    return f"on {moment.day} {moment:%B} at {moment:%H:%M}"


def alarm_text(kind: str) -> str:
    """Return an alarm's kind in a sentence."""
    return _ALARMS.get(kind, kind.replace("_", " ").capitalize())


def advice(kind: str, priority: str) -> str:
    """Return what to do about an alarm."""
    return _ADVICE_OF_KIND.get(kind, _ADVICE[priority])


def closeness(signal: int) -> str:
    """Return how near a device is by its signal strength (dBm), in a sentence."""
    if signal >= _CLOSE_DBM:
        return "It is close."
    return "It is near." if signal >= _NEAR_DBM else "It is far away, or behind a wall."
