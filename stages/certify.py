"""certify (document): the copy-certification signature (sao y), or the conversion line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Literal

import pikepdf

from models.base import Sha256
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages import stamp
from stages.assemble import Assembled, check_pdfa
from stages.extract import Extracted

FONT_NAME = "/SohoaStamp"
"""Name of the stamp's font among the page's resources: not one that assemble uses."""


class Certified(Fact):
    """``form``: ``sao_y`` signed by the agency; ``conversion`` marked as converted, not certified.

    ``stamp``: the visible text. ``at``: the time printed in it. ``signer``: certificate subject, or empty.
    """

    form: Literal["sao_y", "conversion"]
    pdf: Sha256
    stamp: str
    at: datetime
    signer: str = ""
    is_test: bool = False

    def blobs(self) -> tuple[str, ...]:
        return (self.pdf,)


def run(inputs: Inputs, ports: Ports) -> Certified:
    """Sign a declared original or principal copy; mark anything else as converted.

    Only the first two kinds may be copied as SAO Y (Decree 30/2020 Art 3); without a manifest
    nobody declared the kind. Raises what :meth:`models.ports.Signer.sign` raises, and
    ``Defect("not_pdfa")`` where the conversion line would cost the PDF/A status.
    """
    unsigned = ports.blobs.get(inputs.fact(Assembled).pdf)
    at = ports.clock.now().replace(microsecond=0)
    agency = inputs.document.agency.name
    signer = ports.signer()
    if inputs.document.certifiable:
        lines = stamp.sao_y(agency, at, is_test=signer.is_test)
        signed = signer.sign(unsigned, lines, at)
        return Certified(
            form="sao_y",
            pdf=ports.blobs.put(signed),
            stamp="\n".join(lines),
            at=at,
            signer=signer.subject(),
            is_test=signer.is_test,
        )
    lines = stamp.conversion(agency, at)
    marked = with_conversion_line(unsigned, lines, signer.font())
    return Certified(form="conversion", pdf=ports.blobs.put(marked), stamp="\n".join(lines), at=at)


def with_conversion_line(pdf: bytes, lines: Sequence[str], font: bytes) -> bytes:
    """Print the lines as content of page 1, where the stamp would stand, and stay PDF/A-2b."""
    with pikepdf.open(BytesIO(pdf)) as file:
        page = file.pages[0]
        left, bottom, right, top = (float(v) for v in page.cropbox)
        place = stamp.layout(lines, (left, bottom, right, top), font)
        page.add_resource(_font(file, place.face), pikepdf.Name.Font, pikepdf.Name(FONT_NAME))
        drawing = place.operators().replace(b"/F1 ", FONT_NAME.encode("ascii") + b" ")
        # The page's own content may leave its matrix behind: it is wrapped, so the line stands upright.
        page.contents_add(b"q\n", prepend=True)
        page.contents_add(b"\nQ q 1 0 0 1 %.3f %.3f cm " % (place.left_pt, place.bottom_pt) + drawing + b" Q\n")
        out = BytesIO()
        file.save(out, deterministic_id=True)
    marked = out.getvalue()
    check_pdfa(marked)
    return marked


def _font(file: pikepdf.Pdf, face: stamp.Typeface) -> pikepdf.Object:
    """The typeface as a font object of the file."""
    program = pikepdf.Stream(file, face.program)
    program.stream_dict["/Filter"] = pikepdf.Name.FlateDecode
    program.stream_dict["/Length1"] = face.program_size
    descriptor = pikepdf.Object.parse(face.descriptor)
    descriptor["/FontFile2"] = file.make_indirect(program)
    cid_font = pikepdf.Object.parse(face.cid_font)
    cid_font["/FontDescriptor"] = file.make_indirect(descriptor)
    type0 = pikepdf.Object.parse(face.type0)
    type0["/DescendantFonts"] = pikepdf.Array([file.make_indirect(cid_font)])
    type0["/ToUnicode"] = file.make_indirect(pikepdf.Stream(file, face.to_unicode))
    return file.make_indirect(type0)


STAGE = Stage("certify", 1, Scope.DOCUMENT, (Assembled, Extracted), Certified, run, repeatable=False)
