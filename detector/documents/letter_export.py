"""An approved letter as files to send by hand: a page, a mail draft that opens unsent, a document for a word processor.

The same letter gives the same bytes. The mail has neither Date nor Message-ID, which the program that sends it adds,
and at most one recipient. The document is written as the few XML files it consists of: a library would bring a parser
in C and a template with dates and an author of its own.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape

from detector.documents.escaping import visible
from detector.documents.letter_text import Letter, Paragraph, Run
from detector.documents.templates import Safe, render_html
from detector.errors import ConfigError

_TAGS = {"bold": "strong", "italic": "em"}
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_LOCALES = {"en": "en-GB", "de": "de-DE"}
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def letter_page(letter: Letter, language: str) -> str:
    """The letter as a page of its own, for reading, printing, and pasting into a mail."""

    def runs(paragraph: Paragraph) -> Safe:
        return Safe("<br>\n".join("".join(map(_html_run, line)) for line in paragraph.lines))

    def is_foot(paragraph: Paragraph) -> bool:
        return all(run.kind == "italic" for line in paragraph.lines for run in line)

    return render_html("letter_page.html", {"letter": letter, "language": language, "runs": runs, "is_foot": is_foot})


def letter_mail(letter: Letter, language: str, to: str, facts_sha256: str) -> bytes:
    """An .eml draft: mail programs open it as unsent (X-Unsent). Raises ConfigError for an address that is none."""
    mail = EmailMessage(policy=SMTP)
    mail["X-Unsent"] = "1"
    if to:
        mail["To"] = _address(to)
    mail["Subject"] = " ".join(visible(letter.subject, 200).split())
    mail["X-Detector-Facts"] = facts_sha256
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter_page(letter, language), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=_{hashlib.sha256(letter.text.encode()).hexdigest()[:24]}")
    return mail.as_bytes()


def letter_docx(letter: Letter, language: str, author: str) -> bytes:
    """A .docx with real styles and its language set; text only, so nothing in it is a field or a macro."""
    body = "".join(_docx_paragraph(paragraph, letter) for paragraph in letter.paragraphs)
    section = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
        '<w:pgMar w:top="1247" w:right="1304" w:bottom="1134" w:left="1304" w:header="0" w:footer="0" w:gutter="0"/>'
        "</w:sectPr>"
    )
    files = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONS,
        "docProps/core.xml": _core(letter.subject, author, language),
        "word/_rels/document.xml.rels": _DOCUMENT_RELATIONS,
        "word/document.xml": f'{_HEAD}<w:document xmlns:w="{_W}"><w:body>{body}{section}</w:body></w:document>',
        "word/styles.xml": _styles(_LOCALES[language]),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content.encode())
    return packed.getvalue()


def _address(to: str) -> Address:
    """The one recipient of the draft; a list, a name or a line break in it is refused."""
    user, _, domain = to.strip().rpartition("@")
    try:
        if not user or not domain or not to.isprintable() or set(to) & set(' ,;<>"()'):
            raise ValueError
        return Address(username=user, domain=domain)
    except (ValueError, IndexError) as error:
        raise ConfigError(
            f"{visible(to, 80)!r} is no mail address; put right `email` of the client in detector.toml."
        ) from error


def _html_run(run: Run) -> str:
    text = escape(run.text)
    return f"<{_TAGS[run.kind]}>{text}</{_TAGS[run.kind]}>" if run.kind else text


def _docx_paragraph(paragraph: Paragraph, letter: Letter) -> str:
    is_subject = paragraph.is_subject and paragraph.text == letter.subject
    style = '<w:pStyle w:val="Heading1"/>' if is_subject else ""
    indent = '<w:ind w:left="360" w:hanging="240"/>' if paragraph.is_bullet else ""
    lines = [_docx_line(line, plain=is_subject) for line in paragraph.lines]
    bullet = '<w:r><w:t xml:space="preserve">\u2022 </w:t></w:r>' if paragraph.is_bullet else ""
    return f"<w:p><w:pPr>{style}{indent}</w:pPr>{bullet}{'<w:r><w:br/></w:r>'.join(lines)}</w:p>"


def _docx_line(line: Sequence[Run], *, plain: bool) -> str:
    marks = {"": "", "bold": "<w:rPr><w:b/></w:rPr>", "italic": "<w:rPr><w:i/></w:rPr>"}
    return "".join(
        f'<w:r>{"" if plain else marks[run.kind]}<w:t xml:space="preserve">{escape(run.text)}</w:t></w:r>'
        for run in line
    )


def _core(title: str, author: str, language: str) -> str:
    return (
        f'{_HEAD}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        f"<dc:creator>{escape(visible(author))}</dc:creator><dc:language>{_LOCALES[language]}</dc:language></cp:coreProperties>"
    )


def _styles(locale: str) -> str:
    """Normal and Heading 1, in a serif that every word processor has."""
    font = '<w:rFonts w:ascii="Georgia" w:hAnsi="Georgia" w:cs="Georgia"/>'
    return (
        f'{_HEAD}<w:styles xmlns:w="{_W}"><w:docDefaults><w:rPrDefault><w:rPr>{font}<w:sz w:val="21"/>'
        f'<w:lang w:val="{locale}"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="150" w:line="281" '
        'w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>'
        '<w:pPr><w:keepNext/><w:spacing w:before="240" w:after="200"/><w:outlineLvl w:val="0"/></w:pPr>'
        '<w:rPr><w:b/><w:sz w:val="24"/></w:rPr></w:style></w:styles>'
    )


_CONTENT_TYPES = (
    f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>'
    '<Override PartName="/word/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>'
    '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
    "</Types>"
)
_RELATIONS = (
    f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="word/document.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>'
    '<Relationship Id="rId2" Target="docProps/core.xml" '
    'Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"/></Relationships>'
)
_DOCUMENT_RELATIONS = (
    f'{_HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Target="styles.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>'
)
