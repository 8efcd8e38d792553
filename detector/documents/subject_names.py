"""Names of people inside subjects: "Welcome, Anna Weber" tells who person-07 is, however well addresses are hidden.

Nobody gave a list of names, so they are taken from what is known: the words of an address (anna.weber@...), alone in
what that person was sent, all of them together in anybody's; and whatever word of a subject differs from person to
person while most of the words around it stay. Numbers stay: orders and dates are what a vendor searches for.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from detector.records import Copy

MASK = "[name]"
_SHORTEST = 3
"""Letters of a word of an address that is taken for a name."""
_ROLES = frozenset({"admin", "contact", "hello", "info", "mail", "office", "service", "support", "team", "training"})
_NAME = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_WORD = re.compile(rf"\S*@\S*|{_NAME.pattern}")
"""Of a subject; an address in it is one word, and gets its key elsewhere."""
_Positions = dict[tuple[str, int], frozenset[int]]


def subject_masks(copies: Sequence[Copy], people: Iterable[str]) -> Callable[[str, str, str], str]:
    """The function of (subject, template, recipient) that hides the names in a subject."""
    varying = _varying(copies)
    whole = _whole_names(people)

    def masked(subject: str, template: str, recipient: str) -> str:
        own = _words_of(recipient)
        changing = varying.get((template, len(_WORD.findall(subject))), frozenset())
        place = -1

        def word(found: re.Match[str]) -> str:
            nonlocal place
            place += 1
            is_name = "@" not in found[0] and (place in changing or own & _parts(found[0]))
            return MASK if is_name else found[0]

        return whole.sub(MASK, _WORD.sub(word, subject))

    return masked


def _varying(copies: Sequence[Copy]) -> _Positions:
    """(template, words of the subject) -> which of the words differ from person to person, if most of them do not."""
    subjects: dict[tuple[str, int], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for copy in copies:
        subjects[copy.template, len(_WORD.findall(copy.subject))][copy.subject].add(copy.recipient)
    found: _Positions = {}
    for key, people in subjects.items():
        if len(set().union(*people.values())) > 1:
            words = [_WORD.findall(subject.casefold()) for subject in people]
            differ = frozenset(n for n, at in enumerate(zip(*words, strict=True)) if len(set(at)) > 1)
            found[key] = differ if 2 * len(differ) <= key[1] + 1 else frozenset()
    return found


def _whole_names(people: Iterable[str]) -> re.Pattern[str]:
    """First and last name behind one another, in either order, of anybody who is known."""
    pairs = {tuple(sorted(words)) for person in people if len(words := _words_of(person)) == 2}
    both = (rf"{re.escape(a)},?\s+{re.escape(b)}" for pair in sorted(pairs) for a, b in (pair, pair[::-1]))
    return re.compile(rf"\b(?:{'|'.join(both) or '(?!)'})\b", re.IGNORECASE)


def _words_of(address: str) -> frozenset[str]:
    words = _NAME.findall(re.sub(r"[-_.+]", " ", address.rpartition("@")[0].casefold()))
    return frozenset(word for word in words if len(word) >= _SHORTEST) - _ROLES


def _parts(word: str) -> frozenset[str]:
    """ "Weber's" is Weber, "Anna-Maria" is Anna and Maria."""
    return frozenset(re.split(r"['\u2019-]", word.casefold()))
