"""What `letter check` looks for, language by language: who takes responsibility, empty phrases, promises."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """The patterns of one language; matched without regard to case."""

    responsibility: str
    take_it: str
    what_now: str
    """What stands in a letter and in no holding note."""
    empty: tuple[tuple[str, str], ...]
    """(pattern, what to write instead)"""
    promise: str
    next_word: str
    """When the reader hears from us again."""
    note_it: str
    ready: tuple[str, ...]
    """Sentences of our templates that begin like a promise and are bound by what stands around them."""
    received: str
    sorry: str
    none_since: str
    """Nothing came after this, it says."""
    again: str
    blame: str
    """Somebody else is named as the cause, by what they are to us."""


def _blamed(them: str, did: str) -> str:
    """They did it, or it was done by them, within one sentence."""
    return rf"\b{them}\b[^.!?]*\b{did}\b|\b{did}\b[^.!?]*\b{them}\b"


PHRASES = {
    "en": Phrases(
        responsibility=r"\b(?:our|my) (?:mistake|error|fault)|mistake is ours|\b(?:we|I) (?:made|sent|failed|got)\b",
        take_it="Say early: “That was our mistake, and I am sorry.”",
        what_now="Where things stand now",
        empty=(
            (r"(?:(?:any|the|for) )?inconveniences?", "say what it meant for them (H6): hours, worry, a full mailbox."),
            (r"may have (?:caused|been|affected|experienced)", "it has. Say what happened."),
            (r"\b(?:glitch(?:es)?|hiccups?)\b", "it was an error of ours. Call it that."),
            (r"technical (?:issues?|difficult\w+|problems?)", "say in plain words what went wrong (H1)."),
            (r"\bunfortunately\b", "leave it out; the sentence is stronger."),
            (r"mistakes were made", "say who made them: we did."),
            (r"if you were affected", "they were; the figures are there."),
            (r"human error", "a person is no explanation. Say what let it happen (H1)."),
            (r"\bsorry\b[^.]*\bbut\b", "an apology ends before the “but”."),
            (r"rest assured", "say what you did, and by when."),
            (r"never (?:happen )?again", "nobody can promise that. Say what changes, who sees to it, by when (H8)."),
            (r"\b(?:do|be) better\b", "say what changes, who sees to it, by when (H8)."),
            (r"valued (?:customer|client|partner)", "use their name."),
            (r"other (?:clients?|customers?|organi[sz]ations?|companies)\b", "each client reads only of itself."),
            (r"forgive", "do not ask for it; they will say so if they do."),
        ),
        promise=r"\b(?:we|I)(?:['\u2019]ll| will| shall| promise| commit)\b"
        r"|\b(?:next (?:week|month)|shortly|in due course|as soon as possible)\b",
        next_word=r"\bI(?:['\u2019]ll| will) (?:write to|call) you on\b",
        note_it="Note it with `detector incidents promise`, and write its date.",
        ready=("I will tell you when we know", "I will call you on", "write to you in full when it is over"),
        received=r"\b(?:received|got)\b",
        sorry=r"\bsorry\b|\bapologi[sz]e|\bregret",
        none_since=r"\b(?:none|nothing) since\b|\b(?:no|nothing|none) (?:further|more|other)\b[^.!?]*\bsince\b",
        again=r"\b(?:second|third|fourth|earlier|before|once more|last time)\b",
        blame=_blamed(
            r"(?:vendors?|suppliers?|providers?|contractors?|third[- ]part(?:y|ies))",
            r"(?:caus(?:ed?|ing)|because of|due to|fault|errors?|mistakes?|failed|failure|broke)",
        ),
    ),
    "de": Phrases(
        responsibility=r"\bunser(?:en|em|es)? (?:Fehler|Versehen)|Fehler liegt bei uns|\bwir haben\b",
        take_it="Früh sagen: „Das war unser Fehler, und es tut mir leid.“",
        what_now="Wie es jetzt steht",
        empty=(
            (r"etwaige|eventuelle|mögliche Unannehmlichkeiten|Unannehmlichkeiten", "sagen, was es für sie hieß (H6)."),
            (r"technische[nrs]? (?:Problem\w*|Störung\w*|Schwierigkeit\w*|Panne\w*)", "sagen, was schiefging (H1)."),
            (r"\bleider\b", "weglassen."),
            (r"\b\w*pannen?\b|\bGlitch\w*|\b(?:Computer|System)fehler\b", "es war ein Fehler von uns. So nennen."),
            (r"menschliches Versagen", "sagen, was es möglich machte (H1)."),
            (r"sollten Sie betroffen|falls Sie betroffen", "sie waren es; die Zahlen stehen da."),
            (r"tut (?:mir|uns) leid[^.]*\baber\b", "die Entschuldigung endet vor dem „aber“."),
            (r"seien Sie versichert", "sagen, was getan wurde und bis wann."),
            (
                r"nie (?:wieder|mehr) vorkommen|kommt nicht wieder vor",
                "das kann niemand versprechen: was, wer, wann (H8).",
            ),
            (r"besser machen|geschätzte[rn]? Kund", "sagen, was sich ändert, wer es tut, bis wann (H8)."),
            (r"andere[nr]? (?:Kund\w+|Firmen|Unternehmen|Organisationen)", "jeder liest nur von sich."),
            (r"verzeih|entschuldigen Sie", "nicht darum bitten."),
        ),
        promise=r"\b(?:wir werden|ich werde|werden wir|werde ich|wir versprechen|ich verspreche)\b"
        r"|\b(?:nächste[nr]? (?:Woche|Monat)|demnächst|in Kürze|zeitnah|umgehend|baldmöglichst)\b",
        next_word=r"\b(?:schreibe ich Ihnen|rufe Sie am)\b",
        note_it="Mit `detector incidents promise` festhalten, und das Datum schreiben.",
        ready=("ich sage es Ihnen, sobald wir es wissen",),
        received=r"\b(?:erhalten|erhielt\w*|bekommen|bekam\w*)\b",
        sorry=r"tut (?:mir|uns) leid|bedauer|entschuldig",
        none_since=r"\b(?:seither|seitdem) (?:keine?|nichts)\b",
        again=r"\b(?:zweite|dritte|vierte|schon einmal|erneut|früher)\b",
        blame=_blamed(
            r"(?:\w*Dienstleister\w*|Anbieter\w*|Lieferant\w*|Provider\w*)",
            r"(?:verursacht\w*|wegen|schuld\w*|Fehler\w*|versagt\w*)",
        ),
    ),
}
