"""What can be wrong with written answers, besides what their texts share with scripts. In both languages.

German by the rules of the house, without du and Sie.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialogs.problem_kinds import Kind

ANSWERS: Final[Mapping[str, Kind]] = {
    "no_answers": Kind(
        "Das ist keine Liste von Antworten.",
        "This is no list of answers.",
        "Jede Antwort beginnt mit `- id:`.",
        "Each answer begins with `- id:`.",
    ),
    "answer_twice": Kind(
        "Die Antwort `<word>` steht schon in Zeile <line>.",
        "The answer `<word>` is already in line <line>.",
        "Einer von beiden einen anderen Namen geben.",
        "Give one of them another id.",
    ),
    "answer_name": Kind(
        "{<word>} ist nicht bekannt, wenn eine Frage beantwortet wird.",
        "{<word>} is not known when a question is answered.",
        "Ohne diesen Platzhalter auskommen.",
        "Do without this placeholder.",
    ),
    "no_words": Kind(
        "Diese Frage hat keine Wörter.",
        "This question has no words.",
        "So schreiben, wie jemand fragt, oder streichen.",
        "Write it as somebody asks it, or remove it.",
    ),
    "question_twice": Kind(
        "So fragt schon `<word>` in Zeile <line>; hier wird es nie gefunden.",
        "`<word>` in line <line> is asked like this already; here it is never found.",
        "An einer der beiden Stellen streichen.",
        "Remove it in one of the two places.",
    ),
    "questions_alike": Kind(
        "Diese Frage ist von `<word>` kaum zu unterscheiden; welche Antwort kommt, ist ungewiss.",
        "This question can hardly be told from `<word>`; which answer comes is uncertain.",
        "Anders fragen oder beide Antworten zu einer machen.",
        "Ask in another way, or make one answer of both.",
        "warning",
    ),
    "questions_missing": Kind(
        "Für `<word>` steht hier nicht, wie gefragt wird.",
        "It is not said how this is asked in `<word>`.",
        "Unter `questions` ergänzen, was die Leute auf diese Weise fragen.",
        "Add under `questions` what people ask.",
        "warning",
    ),
    "questions_few": Kind(
        "Für `<word>` sind es nur <count> Fragen.",
        "There are only <count> questions for `<word>`.",
        "Mit sechs bis zwölf wirklich verschiedenen wird die Antwort viel öfter gefunden.",
        "With six to twelve that truly differ the answer is found much more often.",
        "warning",
    ),
    "question_claimed": Kind(
        "Auf genau diese Worte antwortet schon der Ablauf `<word>`.",
        "The flow `<word>` answers exactly these words already.",
        "Hier streichen oder dort unter `keyword`.",
        "Remove it here, or there under `keyword`.",
        "warning",
    ),
}
"""Every kind of problem that an ``answers.yml`` can have by itself."""
