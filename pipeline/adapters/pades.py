"""What every signer shares: one PAdES signature with a visible stamp, appended to a PDF (pyHanko).

PAdES as ETSI EN 319 142-1 has it: SubFilter ``ETSI.CAdES.detached``, signing-certificate-v2,
SHA-256, level B-B, or B-T with a time-stamping service. No DocMDP, so others may sign after us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from io import SEEK_SET, BytesIO
from typing import IO, Literal

from asn1crypto import algos, cms, x509
from asn1crypto.cms import CMSAttribute, CMSAttributes
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.general import SigningError, as_signing_certificate_v2, simple_cms_attribute
from pyhanko.sign.signers import Signer
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko.sign.signers.pdf_byterange import PreparedByteRangeDigest, SignatureObject
from pyhanko.sign.timestamps.common_utils import TimestampRequestError

from models.errors import Defect, OperatorError, Retryable
from models.settings import SignerSettings
from pipeline.adapters.hashing import hashed
from pipeline.adapters.time_service import MOST_BYTES, TimeService
from stages import stamp

FIELD = "SaoY"
"""Name of the agency's signature field."""

DIGEST = "sha256"

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far the printed time may be from the time-stamping service's (domain rule)."""

Padding = Literal["pkcs1v15", "pss"]


class _Appender(IncrementalPdfFileWriter):
    """Writes what is appended, without the document before it, and leaves the document's XMP alone.

    pyHanko would write its own name and the system's time into the metadata of every copy, and
    spend a third of the signature's time on that; what the copy says of itself is fixed already.
    """

    def _update_meta(self) -> None:
        return

    def _write_header(self, _stream: IO[bytes]) -> None:
        return


class _Appended(BytesIO):
    """What is appended to a file of ``before`` bytes, at the positions that it has in the whole file."""

    def __init__(self, before: int) -> None:
        super().__init__()
        self._before = before

    def tell(self) -> int:
        return self._before + super().tell()

    def seek(self, position: int, whence: int = SEEK_SET) -> int:
        """Rewinding to what is not here ends at the first byte that is."""
        return self._before + super().seek(max(position - self._before, 0) if whence == SEEK_SET else position, whence)


class _Reserved(SignatureObject):
    """The signature's place in the file, and all that is appended with it.

    pyHanko's own would copy and hash the whole file again, which was half of a signature's time.
    """

    def __init__(self, pdf: bytes, signed_at: datetime, room_bytes: int) -> None:
        super().__init__(timestamp=signed_at, subfilter=SigSeedSubFilter.PADES, bytes_reserved=2 * room_bytes)
        self._pdf = pdf
        self.appended = _Appended(len(pdf))

    def fill(
        self,
        writer: BasePdfFileWriter,
        md_algorithm: str,
        in_place: bool = False,
        output: IO[bytes] | None = None,
        chunk_size: int = 0,
    ) -> Iterator[tuple[PreparedByteRangeDigest, IO[bytes]]]:
        """Write, answer the digest of all but the reserved bytes, take the CMS (see pyHanko's ``fill``)."""
        del in_place, output, chunk_size
        if not isinstance(writer, _Appender) or md_algorithm != DIGEST:
            raise Defect("signing_failed", "a signature is appended, over SHA-256")
        writer.digest_aware_write = True
        writer.write(self.appended)  # type: ignore[no-untyped-call]
        end = self.appended.tell()
        first, past = self.contents.offsets
        self.byte_range.fill_offsets(self.appended, first, past, end)
        digest = hashed(self._pdf).state.copy()
        with self.appended.getbuffer() as written:
            digest.update(written[: first - len(self._pdf)])
            digest.update(written[past - len(self._pdf) :])
        prepared = PreparedByteRangeDigest(digest.digest(), first, past)
        signature = yield prepared, self.appended
        yield prepared.fill_with_cms(self.appended, signature)


class PadesSigner:
    """The part of :class:`models.ports.Signer` that does not depend on where the key is.

    Subclasses give :meth:`keys`. Not shared between threads.
    """

    name = "pades"
    is_test = False

    def __init__(self, settings: SignerSettings) -> None:
        self._settings = settings
        self._font: bytes | None = None
        url, timeout_s = settings.tsa_url, settings.tsa_timeout_s
        self._time_service = None if url is None else TimeService(url, timeout_s)

    def keys(self) -> Signer:
        """The pyHanko signer. Raises ``Retryable`` where the token is away, ``OperatorError`` where it is set up wrongly."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drop what was opened, after a failure; the next signature opens it again."""

    def font(self) -> bytes:
        """The TrueType font of the stamp, read once."""
        if self._font is None:
            try:
                self._font = self._settings.font.read_bytes()
            except OSError as error:
                raise OperatorError(
                    "bad_font", f"signer.font cannot be read ({error}): install fonts-liberation2"
                ) from error
        return self._font

    def subject(self) -> str:
        """Distinguished name of the signing certificate."""
        return str(certificate(self.keys()).subject.human_friendly)

    def sign(self, pdf: bytes, stamp: Sequence[str], signed_at: datetime) -> bytes:
        """See :class:`models.ports.Signer`."""
        keys = self.keys()
        _in_force(certificate(keys), signed_at)
        try:
            return self._append(pdf, stamp, signed_at, keys)
        except TimestampRequestError as error:
            raise Retryable(
                "tsa_unavailable", f"the time-stamping service at signer.tsa_url did not answer: {error}", "tsa"
            ) from error
        except (SigningError, PdfError, ValueError, KeyError) as error:
            raise Defect("signing_failed", f"the PDF could not be signed: {error}") from error

    def _append(self, pdf: bytes, lines: Sequence[str], signed_at: datetime, keys: Signer) -> bytes:
        """Field, stamp and signature as one incremental update."""
        buffer = BytesIO(pdf)
        writer = _Appender(buffer)
        place = stamp.layout(lines, _visible_page(writer), self.font())
        spec = SigFieldSpec(FIELD, on_page=0, box=place.rect)  # type: ignore[arg-type]
        embedder = PdfCMSEmbedder(new_field_spec=spec).write_cms(FIELD, writer)
        field = next(embedder).get_object()
        field[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): _appearance(writer, place)})
        writer.register_extension(ESIC_EXTENSION_1)
        room_bytes = _room_bytes(keys, timed=self._time_service is not None)
        reserved = _Reserved(pdf, signed_at.astimezone(stamp.VIETNAM), room_bytes)
        embedder.send(SigObjSetup(sig_placeholder=reserved))
        prepared, _ = embedder.send(SigIOSetup(md_algorithm=DIGEST))
        attributes = _signed_attributes(prepared.document_digest, certificate(keys).dump())
        signature = asyncio.run(
            keys.async_sign_prescribed_attributes(DIGEST, attributes, timestamper=self._time_service)
        )
        if self._time_service is not None:
            _check_clock(signature, signed_at)
        embedder.send(signature.dump())
        buffer.close()  # reader, writer and objects refer to each other: they live until the next collection
        return pdf + reserved.appended.getvalue()


def certificate(keys: Signer) -> x509.Certificate:
    """The signing certificate. Raises ``OperatorError`` where the key has none."""
    found = keys.signing_cert
    if found is None:
        raise OperatorError("signer_unusable", "the signing key has no certificate beside it")
    return found


def _signed_attributes(digest: bytes, certificate: bytes) -> CMSAttributes:
    """What PAdES signs (EN 319 142-1, 6.3): kind and digest of the content, and whose signature it is.

    Loaded from DER: asn1crypto encodes what was built in memory again at every level and at every
    use, which was half of a signature's time. ``certificate``: DER.
    """
    attributes = [
        simple_cms_attribute("content_type", "data"),
        simple_cms_attribute("message_digest", digest),
        CMSAttribute.load(_binding(certificate)),
    ]
    return CMSAttributes.load(CMSAttributes(attributes).dump())


@lru_cache(maxsize=4)
def _binding(certificate: bytes) -> bytes:
    """The signing-certificate-v2 attribute, DER."""
    whose = as_signing_certificate_v2(x509.Certificate.load(certificate), DIGEST)
    bound: bytes = simple_cms_attribute("signing_certificate_v2", whose).dump()
    return bound


def mechanism(certificate: x509.Certificate, padding: Padding) -> algos.SignedDigestAlgorithm | None:
    """The signature algorithm for the key; None lets pyHanko choose (PKCS#1 v1.5, or ECDSA).

    PSS with a salt as long as the digest: RFC 4055 section 3.1 recommends it, tokens expect it.
    """
    if padding != "pss" or certificate.public_key.algorithm != "rsa":
        return None
    digest = {"algorithm": DIGEST}
    mask = {"algorithm": "mgf1", "parameters": digest}
    parameters = {"hash_algorithm": digest, "mask_gen_algorithm": mask, "salt_length": 32}
    built = algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(parameters)})
    return algos.SignedDigestAlgorithm.load(built.dump())


def _in_force(certificate: x509.Certificate, at: datetime) -> None:
    """Raises ``OperatorError("certificate_expired")`` where the certificate is not in force (Circular 15/2025)."""
    if not certificate.not_valid_before <= at <= certificate.not_valid_after:
        raise OperatorError(
            "certificate_expired",
            f"the signing certificate holds from {certificate.not_valid_before:%Y-%m-%d} "
            f"to {certificate.not_valid_after:%Y-%m-%d}: install a valid one",
        )


def _check_clock(signature: cms.ContentInfo, signed_at: datetime) -> None:
    """Nobody would accept a copy that prints another time than its time stamp says.

    Raises ``Retryable("clock_wrong")``: a host whose clock is right can sign it.
    """
    (attribute,) = signature["content"]["signer_infos"][0]["unsigned_attrs"]
    token = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
    away = token["gen_time"].native - signed_at
    if abs(away) > CLOCK_TOLERANCE:
        raise Retryable(
            "clock_wrong",
            f"this host's clock is {-away.total_seconds():+.0f} s from the time-stamping service's: set it right",
            "signer",
        )


def _room_bytes(keys: Signer, *, timed: bool) -> int:
    """Bytes to reserve for the CMS object: the certificates, the attributes, a time stamp.

    Reckoned, not tried out: trying it out would sign twice and ask the time-stamping service twice.
    """
    chain = {c.dump() for c in keys.cert_registry} | {certificate(keys).dump()}
    return sum(len(c) for c in chain) + 3072 + (MOST_BYTES if timed else 0)


def _visible_page(writer: IncrementalPdfFileWriter) -> tuple[float, float, float, float]:
    """CropBox, else MediaBox of page 1, inherited where need be: left, bottom, right, top in points."""
    page = writer.find_page_for_modification(0)[0].get_object()
    for name in ("/CropBox", "/MediaBox"):
        node = page
        while name not in node and "/Parent" in node:
            node = node["/Parent"]
        if name in node:
            x0, y0, x1, y1 = (float(v) for v in node[name])
            return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
    raise Defect("signing_failed", "page 1 has no MediaBox")


def _appearance(writer: IncrementalPdfFileWriter, place: stamp.Layout) -> generic.IndirectObject:
    """The stamp as a form XObject with its embedded font."""
    fonts = generic.DictionaryObject({pdf_name("/F1"): _font(writer, place.face)})
    form = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(
                generic.FloatObject(f"{v:.3f}") for v in (0, 0, place.width_pt, place.height_pt)
            ),
            pdf_name("/Resources"): generic.DictionaryObject({pdf_name("/Font"): fonts}),
        },
        stream_data=place.operators(),
    )
    return writer.add_object(form)


def _font(writer: IncrementalPdfFileWriter, face: stamp.Typeface) -> generic.IndirectObject:
    """The typeface as a font object of the file."""
    program = generic.StreamObject(
        {
            pdf_name("/Filter"): pdf_name("/FlateDecode"),
            pdf_name("/Length1"): generic.NumberObject(face.program_size),
        },
        encoded_data=face.program,
    )
    descriptor = _with(face.descriptor, b"/FontFile2 %s", writer.add_object(program))
    cid_font = _with(face.cid_font, b"/FontDescriptor %s", writer.add_object(descriptor))
    to_unicode = writer.add_object(generic.StreamObject(stream_data=face.to_unicode))
    type0 = _with(face.type0, b"/DescendantFonts [%s] /ToUnicode %s", writer.add_object(cid_font), to_unicode)
    return writer.add_object(type0)


class _Source(generic.PdfObject):
    """An object that is PDF source already: parsing two hundred widths would cost more than the signature."""

    def __init__(self, source: bytes) -> None:
        self._source = source

    def write_to_stream(self, stream: IO[bytes], handler: object = None, container_ref: object = None) -> None:  # noqa: ARG002 - pyHanko's signature
        stream.write(self._source)


def _with(dictionary: bytes, entries: bytes, *references: generic.IndirectObject) -> _Source:
    """The dictionary with more entries, whose ``%s`` are the references."""
    named = tuple(b"%d %d R" % (ref.idnum, ref.generation) for ref in references)
    return _Source(b"%s %s >>" % (dictionary.removesuffix(b">>"), entries % named))
