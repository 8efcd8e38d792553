"""What is said to a client on the telephone, in its own language; the call sheet around these lines is for us.

German is written as it is spoken between firms, with "Sie"; numbers and times are the client's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from detector.documents.languages import Language


@dataclass(frozen=True)
class Told:
    """What the lines are about: one client's people, and how far the log reaches."""

    language: Language
    people: int
    excess: int
    most: int
    """Copies to whoever got most."""
    span: str
    last: datetime
    through: datetime
    stage: str
    """blind, running, open (too early to call it over), again (other copies came later) or over."""
    others: Sequence[str] = ()
    """The incidents that came again."""
    is_cause_known: bool = False


@dataclass(frozen=True)
class SpokenLines:
    """One line for each step of the call that is the same for every client."""

    taboo: str
    opening: str
    questions: str
    known: str
    unknown: str
    still_going: str
    next_letter: str
    """Before the day of the next word."""
    then: str
    """Behind it."""
    whom: str


def spoken_lines(told: Told) -> SpokenLines:
    """The lines in the client's language."""
    return _german(told) if told.language.code == "de" else _english(told)


def _english(told: Told) -> SpokenLines:
    language, is_over = told.language, told.stage in ("over", "again")
    whom = "one of your people" if told.people == 1 else "your people"
    to = whom if told.people == 1 else f"{language.number(told.people)} of your people"
    copies = f"{language.number(told.excess)} {'copy' if told.excess == 1 else 'copies'}"
    log = "Our log cannot show whether they were read"
    letter = "a letter from me" if is_over else "a note from me today, and the letter once it is over"
    return SpokenLines(
        taboo="“glitch”, “inconvenience”",
        opening=f"“We sent {whom} the same email {language.times(told.most)}. That is our mistake, and I am sorry.”",
        questions="“How did it reach you?” and “What do you need from us today?”",
        known=f"We sent {to} {copies} too many, {told.span}.",
        unknown=f"{log}." if told.is_cause_known else f"{log}, and we are not yet certain of the cause.",
        still_going=_still_going(told),
        next_letter=f"You will have {letter}. You will hear from me again on",
        then="You reach me directly at",
        whom="“Whom among your people shall we tell, and how?”",
    )


def _german(told: Told) -> SpokenLines:
    language, is_over = told.language, told.stage in ("over", "again")
    to = "einer Person" if told.people == 1 else f"{language.number(told.people)} Personen"
    mails = f"{language.number(told.excess)} {'E-Mail' if told.excess == 1 else 'E-Mails'}"
    whom = "einer Person" if told.people == 1 else "mehreren Personen"
    log = "Ob sie gelesen wurden, zeigt unser Protokoll nicht"
    letter = "einen Brief von mir" if is_over else "heute eine Nachricht von mir und den Brief, sobald es vorbei ist"
    return SpokenLines(
        taboo="„Panne“, „Systemfehler“, „Unannehmlichkeiten“",
        opening=f"„Wir haben {whom} in Ihrem Haus dieselbe E-Mail {language.times(told.most)} geschickt. "
        "Das ist unser Fehler, und es tut mir leid.“",
        questions="„Wie haben Sie davon erfahren?“ und „Was brauchen Sie heute von uns?“",
        known=f"Wir haben {to} in Ihrem Haus {mails} zu viel geschickt, {told.span}.",
        unknown=f"{log}." if told.is_cause_known else f"{log}, und die Ursache kennen wir noch nicht sicher.",
        still_going=_still_going_in_german(told),
        next_letter=f"Sie bekommen {letter}. Ich melde mich wieder am",
        then="Sie erreichen mich direkt unter",
        whom="„Wem in Ihrem Haus sollen wir Bescheid geben, und wie?“",
    )


def _still_going(told: Told) -> str:
    last, through = told.language.at(told.last), told.language.at(told.through)
    left = f"The last copy to your people left at {last}"
    return {
        "blind": f"The last copy to your people that we know of left at {last}. Our log ends at {through}; whether "
        "more went out after that, we are finding out.",
        "running": f"Copies were still going out at {through}, where our log ends.",
        "open": f"{left}; our log ends at {through}, which is too early to call it over.",
        "again": f"The last copy of this email to these people left at {last}. More went to people of yours after "
        f"that, which we follow as {', '.join(told.others)}.",
        "over": f"{left}; none since, in a log that runs to {through}.",
    }[told.stage]


def _still_going_in_german(told: Told) -> str:
    last, through = told.language.at(told.last), told.language.at(told.through)
    left = f"Die letzte dieser E-Mails an Ihr Haus haben wir um {last} verschickt"
    return {
        "blind": f"Die letzte dieser E-Mails an Ihr Haus, von der wir wissen, haben wir um {last} verschickt. Unser "
        f"Protokoll endet um {through}; ob wir danach noch weitere verschickt haben, klären wir gerade.",
        "running": f"Um {through}, wo unser Protokoll endet, haben wir noch immer solche E-Mails verschickt.",
        "open": f"{left}. Unser Protokoll endet um {through}; das ist zu früh, um zu sagen, dass es vorbei ist.",
        "again": f"Die letzte dieser E-Mails an diese Personen haben wir um {last} verschickt, danach aber weitere an "
        f"Ihr Haus; diese verfolgen wir unter {', '.join(told.others)}.",
        "over": f"{left}, seither keine mehr; unser Protokoll reicht bis {through}.",
    }[told.stage]
