"""What the documents say about one incident, each thing said in one place, so that report, brief and alert agree.

The words of a log pass through `say`, the door of `escaping` that fits the output; `ready` then marks the sentence as
safe for it. Every figure is one of CaseFacts or a difference of two of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from detector.documents import phrases
from detector.documents.escaping import markdown, markdown_sentence, visible
from detector.documents.still_going import is_blind, is_over, is_running
from detector.documents.templates import Safe
from detector.records import CaseFacts, CauseCandidate

NAME_CHARACTERS = 120

RUNGS = {
    "template+subject": "template and subject",
    "subject": "the subject",
    "sender+size": "sender and size (this log names neither subject nor template)",
    "masked subject": "the subject, its changing reference left out",
    "Message-ID": "the Message-ID, which no two mails should share",
}

CAUSES = {
    "smtp-ambiguity": "a mail server took the message, its answer was lost, and the message was sent again",
    "clock-change": "a clock showed an hour twice or was an hour off, and the schedule ran twice",
    "replicated-scheduler": "several servers each run the same schedule",
    "double-registration": "the code that sends is called twice for each event",
    "per-subscription-loop": "one mail per enrolment or role instead of one per person",
    "accumulating-list": "a list of recipients that keeps growing inside a loop",
    "whole-group-loop": "a loop that mails the same people again and again",
    "restart-from-top": "a job that starts again from the top of its list after an error",
    "redelivery-timer": "a queue that hands out the same job again and again on a timer",
    "status-not-saved": "the mark \u201csent\u201d is never saved, so that every run sends again",
    "retry-backoff": "a failing job that is tried again after ever longer pauses",
    "overlapping-runs": "two runs of the same job overlap",
    "scheduled-repeat": "a schedule that sends the same mail again day after day",
    "backfill-replay": "old mail sent again after a migration or a replay",
    "mail-loop": "two machines that answer each other's mail",
    "double-submit": "somebody pressed \u201csend\u201d more than once",
    "deliberate-resend": "somebody sent it again on purpose",
    "single-recipient-flood": "one address is flooded",
    "unknown": "not known: the pattern fits none of the causes the detector knows",
}


def cause_in_words(cause: str) -> str:
    """What a cause means to somebody who has never seen the code; a slug that is new here still reads as words."""
    return CAUSES.get(cause, cause.replace("-", " "))


def mail_name(case: CaseFacts) -> str:
    """What people call the mail: its subject if all copies share one and it is nobody's own, else the template."""
    is_shared = len(case.subjects) == 1 and case.incident.recipients > 1
    return case.subjects[0] if is_shared else case.incident.template


@dataclass(frozen=True)
class CaseWords:
    """The sentences about one incident, for one kind of output."""

    case: CaseFacts
    say: Callable[[object], str]
    """For a name from the log."""
    tell: Callable[[object], str]
    """For a sentence that may hold words from the log."""
    ready: Callable[[str], str]

    @property
    def mail(self) -> str:
        """The mail by its name, in quotation marks unless the name is a description."""
        incident = self.case.incident
        name = self.say(mail_name(self.case))
        return self.ready(name if incident.rung == "sender+size" else f"\u201c{name}\u201d")

    @property
    def where(self) -> str:
        """The organizations, the first three by name; "" if only private addresses were hit."""
        names = [self.say(name) for name in self.case.incident.organizations]
        return self.ready(phrases.listing(names, more="more organizations"))

    @property
    def people(self) -> str:
        """Who was hit: "51 people at Harbor Freightways"."""
        where = f" at {self.where}" if self.where else ""
        return self.ready(f"{phrases.counted(self.case.incident.recipients, 'person', 'people')}{where}")

    @property
    def headline(self) -> str:
        """The incident in one sentence that a support lead understands."""
        extra = phrases.counted(self.case.incident.excess, "extra copy", "extra copies")
        return self.ready(f"{self.people} got {extra} of {self.mail}.")

    @property
    def when(self) -> str:
        """The time of the extra copies, as a sentence."""
        incident = self.case.incident
        is_one = incident.excess == 1
        what = "The extra copy" if is_one else "The extra copies"
        return f"{what} went out {phrases.span(incident.started_at, incident.ended_at)}."

    @property
    def lede(self) -> str:
        """When it was and whether it is over, as the second thing a reader sees."""
        incident, end = self.case.incident, self.case.log_complete_through
        if incident.state == "withdrawn" or is_blind(self.case) or is_running(self.case):
            return f"{self.when} {self.still_going}"
        if not is_over(self.case):
            quiet = phrases.between(incident.ended_at, end)
            return f"{self.when} The log ends {quiet} later: too early to call it over."
        return f"{self.when} No sign of it since, in a log complete through {phrases.minute(end)}."

    @property
    def tone(self) -> str:
        """How the state is coloured: "alarm", "calm" or "unknown"."""
        return "calm" if is_over(self.case) else "unknown" if is_blind(self.case) else "alarm"

    @property
    def status(self) -> str:
        """The state in a few words."""
        if self.case.incident.state == "withdrawn":
            return "withdrawn"
        if is_blind(self.case):
            return "still going? unknown"
        if is_over(self.case):
            ended = self.case.incident.ended_at
            return f"no sign since {phrases.short_day(ended)}, {phrases.clock(ended)}"
        return "still going" if is_running(self.case) else "too early to call over"

    @property
    def still_going(self) -> str:
        """The answer to the first question anybody asks, with how far the log reaches."""
        incident, end = self.case.incident, phrases.minute(self.case.log_complete_through)
        if incident.state == "withdrawn":
            return "Withdrawn: the log as it is now no longer supports this incident."
        if is_blind(self.case):
            return f"Whether it still goes on cannot be known: the log ends at {end}, too long ago to tell."
        if is_running(self.case):
            return f"It was still going on at {end}, where the log ends."
        quiet = phrases.between(incident.ended_at, self.case.log_complete_through)
        if not is_over(self.case):
            last = phrases.minute(incident.ended_at)
            return f"The last copy was seen at {last}, {quiet} before the log ends: too early to call it over."
        gap = phrases.duration(incident.median_gap_seconds)
        return (
            f"No sign of it since {phrases.minute(incident.ended_at)}. The log is complete through "
            f"{end}: {quiet} without an extra copy, where copies used to come every {gap}."
        )

    @property
    def advice(self) -> str:
        """What to do before anything else, if there is something."""
        if is_over(self.case):
            return ""
        if is_blind(self.case):
            return "Look at the sender itself. The log is stale and cannot tell whether copies still go out."
        brake = self.case.record.brake if self.case.record else None
        if brake and brake.outcome == "done":
            return "Make sure that the brake holds. If copies still go out, stop the sender by hand."
        if is_running(self.case):
            return "Stop the sender first. Copies were going out until the log ends; every minute adds to the harm."
        return "Make sure that the sender is off. The log ends too soon after the last copy to call it over."

    @property
    def copies(self) -> str:
        """Copies per person: "70 copies each" or "68 to 72 copies each, median 70"."""
        incident = self.case.incident
        least, middle, most = map(phrases.number, (incident.copies_min, incident.copies_median, incident.copies_max))
        each = " each" if incident.recipients > 1 else ""
        if least == most:
            return f"{phrases.counted(incident.copies_max, 'copy', 'copies')}{each}"
        if incident.copies_max - incident.copies_min == 1:
            return f"{least} or {most} copies{each}"
        return f"{least} to {most} copies{each}, median {middle}"

    @property
    def detection_delay(self) -> str:
        """From the first extra copy to the moment the log alone was enough."""
        incident = self.case.incident
        return phrases.between(incident.started_at, incident.detected_at)

    @property
    def identity(self) -> str:
        """What "the same mail" rests on here."""
        rung = RUNGS.get(self.case.incident.rung) or self.say(self.case.incident.rung)
        return self.ready(f"Two mails count as the same when they agree in {rung}.")

    @property
    def usual(self) -> str:
        """The ordinary days to compare with."""
        if self.case.usual_repeats_per_1000 is None:
            return "The logs hold no ordinary day of this mail to compare with."
        repeats = phrases.number(self.case.usual_repeats_per_1000)
        return f"On ordinary days, {repeats} of 1,000 mails of this kind are repeats."

    @property
    def spared(self) -> str:
        """The contrast group: the same client, the same mail, nothing wrong; "" without one."""
        spared = self.case.spared_recipients
        if not spared or not self.case.incident.organizations:
            return ""
        others = phrases.counted(spared, "other person", "other people")
        if self.case.incident.rung == "sender+size":
            return (
                f"{others} there got one mail of this sender and size in those days. Whether it was this mail, the log "
                "cannot tell."
            )
        return f"{others} there got this mail in those days exactly as often as they should."

    @property
    def outcomes(self) -> str:
        """What the log says became of the copies; "" if it does not, as a table that only says "sent"."""
        if self.case.sources == ("plain",) and {outcome for outcome, _ in self.case.outcomes} == {"accepted"}:
            return ""
        parts = [f"{phrases.number(sends)} {self.say(outcome)}" for outcome, sends in self.case.outcomes]
        return self.ready(f"Of {self._counted_copies}: {', '.join(parts)}.") if parts else ""

    @property
    def message_ids(self) -> str:
        """Whether the copies were made one by one or one was delivered many times; vendors ask this first."""
        ids = self.case.message_ids
        if not ids:
            return "The log holds no message ids."
        if ids >= self._copies_counted:
            return "Every copy has a message id of its own: something on the sending side made each of them."
        return f"{self._counted_copies} share {phrases.counted(ids, 'message id')}."

    @property
    def _copies_counted(self) -> int:
        """The sends that outcomes and message ids were counted over."""
        return sum(sends for _, sends in self.case.outcomes) or self.case.incident.sends

    @property
    def _counted_copies(self) -> str:
        extra = "extra " if self._copies_counted == self.case.incident.excess else ""
        return phrases.counted(self._copies_counted, f"{extra}copy", f"{extra}copies")

    @property
    def candidates(self) -> tuple[CauseCandidate, ...]:
        """The causes worth telling: "unknown" says nothing beside a known one."""
        told = self.case.incident.cause_candidates
        known = tuple(c for c in told if c.cause != "unknown")
        return known or told

    @property
    def likely_cause(self) -> str:
        """What fits best; for the head of a page, where it must not pass for a verdict."""
        cause = self.case.incident.cause
        return f"{cause_in_words(cause)}{'' if cause == 'unknown' else '; nobody has confirmed it'}."

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this is an incident: what the detector found, and the ordinary days to compare with."""
        found = [self.ready(self.tell(sentence)) for sentence in self.case.evidence]
        return (*found, self.ready(self.usual), self.identity)

    @property
    def known(self) -> tuple[str, ...]:
        """Further facts for the brief: the contrast group, what became of the copies, and their ids."""
        said = (self.spared, self.outcomes, self.message_ids)
        return tuple(self.ready(sentence) for sentence in said if sentence)

    @property
    def hold(self) -> str:
        """What to have the sending system do, as far as the log can name the mail."""
        if self.case.incident.rung != "sender+size":
            return "Have the sending system hold this mail back for these people."
        sender = self.say(self.case.incident.sender)
        return self.ready(
            "Find out which mail it was, and have the sending system hold it back for these people. The log names no "
            f"template: until you know, all that can be held back is everything from {sender}."
        )

    @property
    def unknowns(self) -> tuple[str, ...]:
        """What nobody can say from the log."""
        is_guess = self.case.incident.cause != "unknown"
        cause = "The cause. What is named below is what the pattern is consistent with; nobody has confirmed it."
        nameless = self.case.incident.rung == "sender+size"
        which = (self.ready(f"Which mail it was. The log has neither its subject nor its template, only {self.mail}."),)
        return (
            cause if is_guess else "The cause. The pattern fits none of the causes the detector knows.",
            f"Anything after {self.ready(phrases.minute(self.case.log_complete_through))}, where the log ends.",
            "Whether the copies were read. The log counts messages handed over, not messages opened.",
            *(which if nameless else ()),
        )


def in_html(case: CaseFacts) -> CaseWords:
    """Sentences as plain text, which the template escapes."""
    return CaseWords(case, lambda value: visible(value, NAME_CHARACTERS), visible, str)


def in_markdown(case: CaseFacts) -> CaseWords:
    """Sentences in which the words of the log are already escaped."""
    return CaseWords(case, lambda value: markdown(value, NAME_CHARACTERS), markdown_sentence, Safe)
