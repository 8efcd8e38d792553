"""What the columns of a table are called: our names, their common synonyms in six languages, and who is meant by them.

Names are compared without case, accents and punctuation; an umlaut may be written with or without its e.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

SYNONYMS = {
    "timestamp": "timestamp sent_at event_time event_at sent_on sent_time date_sent sent_date send_time datetime "
    "date_time date time created_at created ts log_time occurred_at logged_at "
    "gesendet_am versendet_am versandt_am verschickt_am sendezeit sendezeitpunkt versandzeitpunkt sendedatum "
    "versanddatum zeitpunkt zeitstempel datum_uhrzeit datum "
    "date_envoi date_d_envoi date_d_expedition envoye_le horodatage date_heure "
    "fecha_envio fecha_de_envio enviado_el fecha_hora fecha data_invio data_di_invio inviato_il data_ora data_e_ora "
    "data_envio data_de_envio verzonden_op verzenddatum datum_tijd tijdstip",
    "time": "",
    "recipient": "recipient recipient_email recipient_address rcpt_to rcpt to_address to_email email_to sent_to "
    "empfaenger empfaengeradresse empfaenger_adresse empfaenger_email empfaenger_e_mail empfaenger_mail "
    "e_mail_empfaenger email_empfaenger mail_an e_mail_an email_an gesendet_an versendet_an adressat an "
    "destinataire destinataires adresse_destinataire adresse_du_destinataire email_destinataire envoye_a "
    "destinatario destinatarios direccion_destinatario email_destinatario correo_destinatario enviado_a para "
    "destinatari indirizzo_destinatario inviato_a ontvanger ontvangers e_mail_ontvanger email_ontvanger "
    "verzonden_aan aan email_address email to user_email mail_to recipients to_addresses receiver address "
    "e_mail_adresse e_mail adresse_e_mail courriel correo_electronico e_mailadres",
    "event": "event event_type status state outcome result zustand versandstatus statut etat estado stato",
    "message_id": "message_id messageid msg_id smtp_id internet_message_id email_id mail_id",
    "sender": "sender sender_address sender_email from_address from_email mail_from email_from from sent_by sent_from "
    "absender absenderadresse absender_adresse absender_email absender_e_mail absender_mail e_mail_absender "
    "gesendet_von versendet_von mail_von e_mail_von von expediteur adresse_expediteur adresse_de_l_expediteur "
    "email_expediteur envoye_par remitente direccion_remitente email_remitente correo_remitente enviado_por remetente "
    "mittente indirizzo_mittente email_mittente inviato_da afzender e_mail_afzender email_afzender verzonden_door "
    "van de da",
    "subject": "subject email_subject message_subject mail_subject subject_line "
    "betreff betreffzeile objet sujet asunto oggetto onderwerp assunto",
    "template": "template template_id template_name campaign campaign_id mail_type email_type message_type "
    "tag category",
    "organization": "organization organisation client client_name company company_name customer tenant account",
    "size": "size size_bytes bytes total_bytes message_size",
}
"""Our column name -> header words for it, best first; `time` is that of the day, if `timestamp` has none."""

_DAY_AND_TIME = (
    ("date", "time"), ("sent_date", "sent_time"), ("date_sent", "time_sent"), ("send_date", "send_time"),
    ("datum", "uhrzeit"), ("datum", "zeit"), ("sendedatum", "sendezeit"), ("versanddatum", "versandzeit"),
    ("date", "heure"), ("date_envoi", "heure_envoi"), ("date_d_envoi", "heure_d_envoi"),
    ("fecha", "hora"), ("data", "ora"), ("data", "hora"), ("datum", "tijd"),
)  # fmt: skip
"""What two columns are called that make one moment."""

_SENT = re.compile(r"sen[dt]|versan|versend|versch|envo|envi|invia|verzon")
_SENDER = re.compile(
    r"absend|gesendet_von|versendet_von|sender|sent_by|(^|_)from(_|$)|expedit|envoye_par|remit|remet|enviado_por"
    r"|mittent|inviato_da|afzend|verzonden_door|(^|_)von(_|$)|^(de|da|van|return_path)$"
)
_RECIPIENT = re.compile(
    r"empf|recip|rcpt|adressat|destinat|ontvang|receiver|(^|(?<!reply)(?<!antwort)_)(to|an|aan|para)(_|$)"
    r"|kund|customer|client|cliente|klant|teilnehm|learner|student|participant|member|mitglied"
)


def plain_letters(name: str) -> str:
    """`Empf\u00e4nger (E-Mail)` as `empfanger_e_mail`: what is left of a name when nobody cares how it was typed."""
    bare = unicodedata.normalize("NFKD", name.strip().casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"([aou])e", r"\1", bare)).strip("_")


def guess_columns(names: Sequence[str], synonyms: Mapping[str, str] = SYNONYMS) -> dict[str, str]:
    """Our name -> the file's column that means it, as far as the synonyms tell."""
    simple = {plain_letters(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for ours, words in synonyms.items():
        theirs = next((simple[word] for word in map(plain_letters, words.split()) if word in simple), None)
        if theirs is not None and theirs not in found.values():
            found[ours] = theirs
    if synonyms is SYNONYMS:
        found.update(_day_and_time(simple, found.get("timestamp")))
    return found


def names_sending(name: str) -> bool:
    """Whether a time is called like the one at which a mail was sent."""
    return bool(_SENT.search(name.casefold()))


def names_sender(name: str) -> bool:
    """Whether a column is called like those who send, who are nobody's victims."""
    return bool(_SENDER.search(plain_letters(name)))


def names_recipient(name: str) -> bool:
    """Whether a column is called like those who get the mail."""
    return bool(_RECIPIENT.search(plain_letters(name))) and not names_sender(name)


def _day_and_time(simple: Mapping[str, str], moment: str | None) -> dict[str, str]:
    """The two columns that make one moment, if what passes for it is one of them, or nothing does."""
    for day, time in _DAY_AND_TIME:
        if day in simple and time in simple and moment in (None, simple[day], simple[time]):
            return {"timestamp": simple[day], "time": simple[time]}
    return {}
