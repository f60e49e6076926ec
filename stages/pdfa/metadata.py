"""What the file says about itself: XMP, the older Info dictionary, and the colour that it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from xml.sax.saxutils import escape

from PIL import ImageCms

from stages.pdfa.writer import PdfWriter, Ref, text_string

PRODUCER = "sohoa"
LANGUAGE = "vi-VN"
_ICC_DATE = slice(24, 36)
"""Where an ICC header holds the time at which the profile was computed."""
_ICC_DATE_FIXED = bytes.fromhex("07D000010001000000000000")


@dataclass(frozen=True)
class About:
    """From the manifest and ids only; values that were read off the paper stay in the record.

    ``kind``: the manifest's type name, or empty. ``created``: when the batch was received.
    """

    identifier: str
    title: str
    created: datetime
    kind: str = ""
    agency: str = ""


def write_metadata(pdf: PdfWriter, about: About) -> Ref:
    """The XMP stream; never compressed, so that any tool finds it."""
    return pdf.stream(b"/Type /Metadata /Subtype /XML", xmp(about))


def write_info(pdf: PdfWriter, about: About) -> Ref:
    """The Info dictionary, saying the same as the XMP (ISO 19005-2, 6.6.3)."""
    date = b"(D:%s)" % about.created.astimezone(UTC).strftime("%Y%m%d%H%M%S+00'00'").encode()
    title, producer = text_string(about.title), text_string(PRODUCER)
    return pdf.add(
        b"<< /Title %s /Producer %s /Creator %s /CreationDate %s /ModDate %s >>"
        % (title, producer, producer, date, date)
    )


def write_output_intent(pdf: PdfWriter) -> Ref:
    """sRGB: what device colours of the scans mean."""
    profile = pdf.flate(b"/N 3 /Alternate /DeviceRGB", srgb_profile())
    return pdf.add(
        b"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) "
        b"/Info (sRGB IEC61966-2.1) /RegistryName (http://www.color.org) /DestOutputProfile %d 0 R >>" % profile
    )


def xmp(about: About) -> bytes:
    """The XMP packet."""
    date = about.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    creator = f"<dc:creator><rdf:Seq><rdf:li>{escape(about.agency)}</rdf:li></rdf:Seq></dc:creator>"
    kind = f"<dc:type><rdf:Bag><rdf:li>{escape(about.kind)}</rdf:li></rdf:Bag></dc:type>"
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">\n'
        "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>\n"
        "<dc:format>application/pdf</dc:format>"
        f"<dc:identifier>{escape(about.identifier)}</dc:identifier>"
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(about.title)}</rdf:li></rdf:Alt></dc:title>'
        f"{creator if about.agency else ''}{kind if about.kind else ''}"
        f"<dc:language><rdf:Bag><rdf:li>{LANGUAGE}</rdf:li></rdf:Bag></dc:language>\n"
        f"<pdf:Producer>{PRODUCER}</pdf:Producer><xmp:CreatorTool>{PRODUCER}</xmp:CreatorTool>"
        f"<xmp:CreateDate>{date}</xmp:CreateDate><xmp:ModifyDate>{date}</xmp:ModifyDate>"
        f"<xmp:MetadataDate>{date}</xmp:MetadataDate>\n"
        '</rdf:Description>\n</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """An sRGB ICC profile, its time of making replaced by a fixed one."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_ICC_DATE] = _ICC_DATE_FIXED
    return bytes(profile)
