"""What the first engine knows: how wishes and moods are said in German and English, over folded words.

Patterns see text as `nlu.text.words` folds it: lower case, ``ae`` for ``ä``, single blanks, ``.`` and ``,``
where a clause ends. Gaps are counted and a pattern has at most one open-ended part, so the time stays linear.
"""

# ruff: noqa: E501 - a pattern stays on one line: split up, nobody can read or search it

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

Intent: TypeAlias = Literal[
    "none",
    "opt_out",
    "opt_in",
    "human_request",
    "complaint",
    "not_working",
    "order_status",
    "setup_help",
    "care_tip",
    "rating",
    "no",
    "thanks",
    "yes",
    "greeting",
]

Shade: TypeAlias = Literal["strong", "weak", "good", "works", "not", ""]
"""What a word does to the mood: ``strong`` and ``weak`` dislike, ``good``, ``works`` (good unless negated), ``not``."""

_PERSON: Final = (
    r"(?:mensch(?:en)?|mitarbeiter(?:in|innen|s|n)?|person(?:en)?|kolleg(?:e|en|in|innen)|\w{0,12}berater(?:in)?|"
    r"ansprechpartner(?:in)?|kundenservice|kundendienst|kundenbetreuung|support(?:team)?|team|jemand(?:en|em)?|"
    r"agent(?:en)?|euch|ihnen)"
)
_REAL_PERSON: Final = r"(?:mensch(?:en)?|mitarbeiter(?:in)?|person|berater(?:in)?|ansprechpartner(?:in)?)"
_SPEAK: Final = (
    r"(?:sprechen|reden|spreche|rede|telefonieren|chatten|verbinden|verbinde|verbindet|weiterleiten|erreichen|"
    r"kontaktieren|anrufen|durchstellen)"
)
_EN_PERSON: Final = (
    r"(?:humans?|persons?|agents?|someone|somebody|representative|support|staff|team|people|advisor)"
)
_BOT: Final = r"(?:bots?|chatbots?|roboter|computer|maschine|robot|machine)"
_PARCEL: Final = (
    r"(?:\w{0,16}paket(?:e|s)?|\w{0,16}paeckchen|\w{0,16}bestellung(?:en)?|\w{0,16}lieferung(?:en)?|"
    r"\w{0,16}sendung(?:en)?|\w{0,12}ware|parcels?|packages?|orders?|delivery|shipment|stuff)"
)

HUMAN_REFUSED: Final = re.compile(
    rf"\b(?:kein|keine|keinen|no|(?:do not|don't|dont) (?:need|want))(?: \w+){{0,1}} (?:{_REAL_PERSON}|human)\b"
)
"""Who says that *no* human is needed has not asked for one."""

PARTS: Final[dict[Intent, tuple[str, ...]]] = {
    "opt_out": (
        r"^(?:bitte )?(?:stopp?|ende|abmelden|austragen|abbestellen|unsubscribe|optout|opt out)(?: (?:bitte|jetzt|sofort|please|it|now|all))?(?: \.| ,)?$",
        r"^(?:stopp?|abmelden|unsubscribe)(?: [.,])? (?:bitte|keine|nichts|genug|es reicht|please|no more)\b",
        r"\b(?:keine|nie wieder|no more|no)(?: \w+){0,2} (?:werbung|werbe\w{1,20}|nachrichten|newsletter|infos|mails|messages|ads|texts|spam)(?: \w+){0,2} (?:mehr|schicken|senden|bekommen|erhalten|haben)\b",
        r"^(?:bitte )?keine (?:werbung|werbe\w{1,20}|nachrichten|newsletter)(?: mehr)?(?: bitte)?(?: \.)?$",
        r"\b(?:moechte|will|wuensche)(?: \w+){0,2} keine(?: \w+){0,2} (?:werbung|werbe\w{1,20}|nachrichten|newsletter)\b",
        r"\b(?:schreib|schreibt|schreiben|schick|schickt|schicken|sende|senden|kontaktier|kontaktiert|kontaktieren|nerv|nervt)(?: sie)?(?: mir| mich| uns)(?: \w+){0,2} (?:nicht|nichts|nie)(?: mehr| wieder)\b",
        r"\b(?:nicht|nie) (?:mehr|wieder)(?: \w+){0,2} (?:schreiben|anschreiben|kontaktieren|kontaktiert|angeschrieben|belaestig\w{1,6})\b",
        r"\blas(?:s|st|sen)(?: sie)? mich(?: \w+){0,2} in ruhe\b",
        r"\bhoer(?:t|en)?(?: sie)? auf(?: \w+){0,2} (?:zu )?(?:schreiben|nerven|spammen)\b",
        r"\bvo(?:m|n)(?: \w+){0,3} (?:abmelden|austragen)\b",
        r"\b(?:newsletter|nachrichten|werbung)(?: \w+){0,3} (?:abbestellen|abmelden|stoppen)\b",
        r"\b(?:stop|quit)(?: \w+){0,1} (?:messaging|texting|writing|sending|contacting|spamming)\b",
        r"\b(?:don't|dont|do not|never)(?: ever)? (?:message|text|contact|write)(?: to)? me\b",
        r"\b(?:no more (?:messages|ads|texts)|leave me alone|opt me out|unsubscribe me|no more advertising)\b",
    ),
    "opt_in": (
        r"^(?:bitte )?(?:start|resume|anmelden|wieder anmelden|weiter schreiben|subscribe)(?: bitte)?(?: \.)?$",
        r"\b(?:duerft|darfst|duerfen|koennt|kannst|koennen)(?: \w+){0,2} (?:mir|mich)(?: \w+){0,2} wieder (?:schreiben|anschreiben|kontaktieren|nachrichten)\b",
        r"\bwieder(?: \w+){0,2} nachrichten (?:bekommen|erhalten|haben)\b",
        r"\b(?:subscribe me|opt me in|(?:can|may) (?:message|write to|text) me again)\b",
    ),
    "human_request": (
        rf"^(?:bitte )?(?:ein(?:en|e)? |echte[rn]? |richtige[rn]? ){{0,2}}{_REAL_PERSON}(?: bitte)?(?: sprechen)?(?: [.,])?$",
        r"^(?:bitte )?(?:kundenservice|kundendienst|support|agent|human|operator|a human|real person)(?: bitte| please)?(?: [.,])?$",
        rf"\b(?:mit|zu|an)(?: \w+){{0,3}} {_PERSON}(?: \w+){{0,3}} {_SPEAK}\b",
        rf"\b{_SPEAK}(?: \w+){{0,4}} (?:mit|an|zu)(?: \w+){{0,2}} {_PERSON}\b",
        rf"\b(?:echte[rnms]?|richtige[rnms]?|lebendige[rnms]?|lebende[rn]?) {_REAL_PERSON}\b",
        rf"\b(?:brauche|braeuchte|will|moechte|gibt es|bitte)(?: \w+){{0,2}} (?:einen?|einem|eine) {_REAL_PERSON}\b",
        rf"\b(?:kann|koennte|koennt|will|moechte)(?: \w+){{0,2}} (?:jemand(?:en|em)?|{_REAL_PERSON})(?: \w+){{0,3}} (?:{_SPEAK}|helfen)\b",
        r"\bruf(?:t|en sie)? mich\b",
        rf"\b(?:kein|keinen|keinem|nicht mit|nicht mit einem|nicht mit einer|mit keinem) {_BOT}\b",
        rf"\b(?:speak|talk|chat|connect|transfer|put)(?: \w+){{0,2}} (?:to|with|through)(?: \w+){{0,3}} {_EN_PERSON}\b",
        r"\b(?:real|actual|live) (?:human|person|agent)\b",
        r"\b(?:need|want|get me)(?: \w+){0,2} (?:human|agent|representative|real person)\b",
        r"\b(?:call me|no bots?|not a bot)\b",
    ),
    "complaint": (
        r"\bgeld(?: \w+){0,3} zurueck\b",
        r"\b(?:refund|money back|rueckerstattung|erstattung|reklam\w{0,14}|beschwer\w{0,14}|mangelhaft\w{0,3})\b",
        r"\b(?:anwalt|verbraucherzentrale|anzeige erstatten|lawyer|trading standards)\b",
        r"\bdanke fuer (?:gar )?nichts\b|\bthanks for nothing\b",
        r"\b(?:nie|never) (?:wieder|mehr|again)(?: \w+){0,3} (?:bestell\w{0,3}|kauf\w{0,3}|buy|order)\b",
        r"\b(?:fehlt|fehlen|missing)(?: \w+){0,3} (?:teil|teile|schraube|schrauben|deckel|zubehoer|part|parts|piece|lid)\b",
        r"\b(?:teil|teile|schraube|schrauben|deckel|zubehoer|part|parts|lid)(?: \w+){0,3} (?:fehlt|fehlen|missing)\b",
        r"\bfalsch(?:e|er|es|en)?(?: \w+){0,2} (?:ware|artikel|produkt|farbe|groesse|geliefert|bekommen|erhalten|geschickt)\b",
        r"\bwrong (?:item|product|colour|color|size|order)\b",
        r"\b(?:zum|das) (?:dritten|vierten|fuenften|zweiten) mal\b|\b(?:keiner|niemand|nobody)(?: \w+){0,2} (?:antwortet|meldet|answers|replies)\b",
        r"\bes reicht(?: mir)?\b|\bunter aller (?:sau|kanone)\b|\bwas soll (?:das|der mist|der quatsch|die sauerei)(?: [.,]|$)",
    ),
    "not_working": (
        r"\b(?:funktioniert|funktionieren|funzt|klappt|geht|laeuft|startet|oeffnet|mahlt|passt|haelt|dreht|works|work|working)(?: (?:\w+|,)){0,3} (?:nicht|nich|ned|net|nimmer|nie|not)\b(?! (?:schlecht|uebel|bad))",
        r"\b(?:doesn't|doesnt|does not|don't|dont|isn't|isnt|not|won't|wont|can't get it to)(?: \w+){0,1} (?:work|working|open|start|turn|fit)\b",
        r"\b(?:bekomme|kriege|krieg)(?: \w+){0,4} (?:nicht|nich) (?:hin|auf|zu|raus|rein|zum laufen)\b",
        r"\b(?:klemmt|klemmen|haengt fest|steckt fest|komme nicht weiter|stuck|jammed)\b",
    ),
    "order_status": (
        r"\bwo (?:ist|sind|bleibt|bleiben|steckt|stecken)\b",
        rf"\bwann(?: \w+){{0,4}} (?:kommt|kommen|ankommt|geliefert|verschickt|versendet|{_PARCEL})\b|\bwann (?:kommt|kommen|wird|werden|erhalte|bekomme|kriege|ist|sind)\b",
        r"\b(?:sendungs|liefer|bestell|versand|paket)(?:verfolgung|status|stand)\b|\b(?:sendungs|paket)nummer\b|\btracking\w{0,10}\b|\bsendungsnr\b",
        rf"\b{_PARCEL}(?: (?:\w+|,)){{0,4}} (?:nicht|nie|not)(?: (?:da|angekommen|gekommen|eingetroffen|erhalten|bekommen|arrived|here))\b",
        rf"\b(?:status|stand|zustellung)(?: \w+){{0,3}} {_PARCEL}\b",
        r"\b(?:schon|bereits)(?: \w+){0,2} (?:verschickt|versendet|versandt|unterwegs|raus|abgeschickt)\b",
        rf"\bwhere(?:'s| is| are)(?: \w+){{0,2}} {_PARCEL}\b|\bwhere(?:'s| is) it\b",
        rf"\bwhen(?: \w+){{0,4}} (?:arrive|come|delivered|shipped|ship|{_PARCEL})\b",
        r"\b(?:order|shipping|delivery) status\b|\bhas it (?:been )?shipped\b",
        r"\b(?:not|hasn't|hasnt|never|haven't|havent)(?: \w+){0,2} (?:arrived|received|been delivered)\b",
        r"^(?:mein(?:e)? )?(?:paket|lieferung|sendung|lieferstatus|parcel|package|delivery)(?: bitte)?(?: [.,])?$",
    ),
    "setup_help": (
        r"\b(?:\w{0,16}einricht\w{0,10}|eingerichtet|\w{0,16}anleitung(?:en)?|inbetriebnahme|einstieg|erste schritte)\b",
        r"\b(?:zusammenbau\w{0,6}|aufbau(?:en)?|zusammenset\w{0,6}|in betrieb)\b",
        r"\bwie (?:geht (?:das|die|der|denn)|funktioniert|funktionieren|benutze|benutzt|verwende|verwendet|bediene|nutze|fange|starte|mahle|mache)\b",
        r"\b(?:set up|setup|setting up|get started|getting started|instructions|user manual|how to use|how (?:do|can) i (?:use|start|set))\b",
        r"\b(?:lass uns )?(?:loslegen|los geht's|los gehts|anfangen)\b",
    ),
    "care_tip": (
        r"\b(?:\w{0,16}pflege\w{0,12}|\w{0,12}reinig\w{0,10}|entkalk\w{0,8}|saeuber\w{0,6}|putz(?:e|en)|sauber machen|saubermachen)\b",
        r"\b\w{0,10}tipps?\b",
        r"\b(?:care|tips?|clean|cleaning|descal\w{1,4}|maintenance|maintain)\b",
    ),
    "rating": (r"\b(?:bewert\w{0,10}|rezension\w{0,3}|feedback|rueckmeldung|review|rate it|rating)\b",),
    "no": (
        r"^(?:nein|ne|nee|noe|nop|nope|no|nah|not now|lieber nicht|besser nicht|jetzt nicht|grad nicht|gerade nicht|nicht jetzt|spaeter|kein interesse|keine zeit|passt so|das war's|das wars|no thanks|later)\b(?! (?:problem|worries))",
    ),
    "thanks": (
        r"\b(?:danke\w{0,6}|dankschoen|merci|vielen dank|besten dank|herzlichen dank|lieben dank|dank (?:dir|euch|ihnen)|thx|thanks|thank you|ty|cheers)\b",
    ),
    "yes": (
        r"^(?:ja\w?|jo|joa|jep|jup|jawohl|klar|na klar|gern|gerne|sehr gern\w?|ok|okay|okee|oki|passt|genau|stimmt|sicher|natuerlich|unbedingt|bitte|erledigt|fertig|geschafft|gemacht|hab ich|habe ich|klappt|weiter|done|yes|yep|yeah|yup|sure|of course|ready|next|please do|alles klar|mach ich|(?:jetzt )?(?:klappts|klappt's|gehts|geht's|klappt es|geht es)|jetzt (?:klappt|geht)|works now|let's go|kein problem)\b",
    ),
    "greeting": (
        r"^(?:hallo|hallihallo|hi|hey|hei|huhu|moin|moinmoin|servus|grue{1,2}zi|gruess gott|gruess dich|guten (?:morgen|tag|abend)|tag|tach|na|hello|good (?:morning|afternoon|evening)|start|menu|menue|hilfe|help)\b",
    ),
}

_CUES: Final[dict[Intent, str]] = {
    "opt_out": r"stopp?|ende|ab(?:meld|bestell)\w*|aus(?:tragen|getragen)|unsubscribe|opt\w*|werb\w*|nachrichten|newsletter|"
    r"infos|mails|messages?|messaging|ads|advertising|texts?|texting|spam\w*|schreib\w*|schick\w*|send\w*|kontaktier\w*|"
    r"nerv\w*|anschreiben|angeschrieben|belaestig\w*|ruhe|quit|contact\w*|write|alone",
    "opt_in": r"start|resume|anmelden|weiter|subscribe|wieder|opt|again",
    "human_request": r"mensch\w*|mitarbeiter\w*|person\w*|kolleg\w*|\w*berater\w*|ansprechpartner\w*|kunden\w*|support\w*|"
    r"team|jemand\w*|agents?|agenten|euch|ihnen|operator|ruft?|rufen|\w*bots?|roboter|computer|maschine|robot|machine|"
    r"humans?|someone|somebody|representative|staff|people|advisor|call",
    "complaint": r"geld|money|refund|\w*erstattung|reklam\w*|beschwer\w*|mangelhaft\w*|anwalt|verbraucherzentrale|anzeige|"
    r"lawyer|trading|danke|thanks|bestell\w*|kauf\w*|buy|order|fehl(?:t|en)|missing|falsch\w*|wrong|mal|keiner|niemand|"
    r"nobody|reicht|aller|soll",
    "not_working": r"nicht|nich|ned|net|nimmer|nie|not|\w+n't|doesnt|dont|isnt|wont|klemm(?:t|en)|fest|stuck|jammed|weiter",
    "order_status": r"wo|wann|\w*(?:verfolgung|status|nummer|stand)|tracking\w*|sendungsnr|nicht|nie|not|zustellung|schon|bereits|"
    r"where|where's|when|has|hasn't|hasnt|never|haven't|havent|paket|\w*lieferung|sendung|parcel|package|delivery",
    "setup_help": r"\w*einricht\w*|eingerichtet|\w*anleitung(?:en)?|inbetriebnahme|einstieg|schritte|zusammen\w*|aufbau\w*|betrieb|"
    r"wie|how|set|setup|setting|get|getting|instructions|manual|los\w*|anfangen",
    "care_tip": r"\w*pflege\w*|\w*reinig\w*|entkalk\w*|saeuber\w*|putz\w*|sauber\w*|\w*tipps?|care|tips?|clean\w*|descal\w*|"
    r"maint\w*",
    "rating": r"bewert\w*|rezension\w*|feedback|rueckmeldung|review|rat(?:e|ing)",
    "thanks": r"dank\w*|merci|thx|thanks?|ty|cheers",
}  # fmt: skip
"""A word without which a wish cannot be there. It only saves time: most messages hold no cue for most wishes."""

CUES: Final = {intent: re.compile(pattern) for intent, pattern in _CUES.items()}

ORDER_OF_TRUST: Final[tuple[Intent, ...]] = tuple(PARTS)
"""Which wish wins when a text holds several: what must never be missed first, small talk last."""

PATTERNS: Final[dict[Intent, re.Pattern[str]]] = {
    intent: re.compile("|".join(f"(?:{p})" for p in parts)) for intent, parts in PARTS.items()
}

_SHADES: Final[dict[Shade, str]] = {
    "strong": (
        r"kapp?utt?(?:e[rnsm]?)?|kaputtgegangen|defekt(?:e[rnsm]?)?|zerbrochen(?:e[rnsm]?)?|gebrochen|zerkratzt(?:e[rnsm]?)?|"
        r"beschaedigt(?:e[rnsm]?)?|gerissen|geplatzt|undicht|ausgelaufen|verdorben|schimmel\w{0,4}|"
        r"schlecht(?:e[rnsm]?)?|mies(?:e[rnsm]?)?|furchtbar\w{0,2}|schrecklich\w{0,2}|katastroph\w{0,4}|grauenhaft\w{0,2}|"
        r"unverschaemt\w{0,4}|frechheit|sauerei|betrug|betrogen|abzocke|schrott|muell|mist|"
        r"enttaeuscht\w{0,2}|enttaeuschend\w{0,2}|enttaeuschung|wuetend|veraergert|aergerlich|sauer|unzufrieden\w{0,2}|"
        r"broken|defective|damaged|cracked|leaking|terrible|awful|horrible|useless|disappointed|disappointing|"
        r"angry|furious|unacceptable|inakzeptabel|scam|worst|rubbish|garbage|crap|ridiculous"
    ),
    "weak": (
        r"leider|schade|traurig|problem(?:e|en|s)?|fehler|nerv(?:t|ig\w{0,2})|umstaendlich\w{0,2}|kompliziert\w{0,2}|langsam|"
        r"spaet|verspaet\w{0,4}|fehlt|fehlen|unfortunately|sadly|issue|issues|annoying|slow|late|bad|missing"
    ),
    "good": (
        r"gut(?:e[rnsm]?)?|super|toll?(?:e[rnsm]?)?|prima|klasse|perfekt\w{0,2}|spitze|genial\w{0,2}|wunderbar\w{0,2}|grossartig\w{0,2}|"
        r"hervorragend\w{0,2}|lecker\w{0,2}|schoen(?:e[rnsm]?)?|zufrieden\w{0,2}|begeistert|liebe|mega|top|happy|freue|"
        r"great|good|perfect|excellent|awesome|amazing|love|lovely|delicious|fantastic|nice|pleased|wonderful"
    ),
    "works": r"funktioniert|klappt|gefaellt|schmeckt|laeuft|passt|works|worked|like",
    "not": r"nicht|nich|ned|net|kein(?:e[rnsm]?)?|nie|niemals|keinesfalls|kaum|not|no|never|isn't|isnt|wasn't|don't|doesn't|hardly|nothing|ohne|without",
}  # fmt: skip

SHADES: Final = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SHADES.items()))
