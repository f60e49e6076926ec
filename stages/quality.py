"""quality (page): resolution, colour and size against the law (rules R5 and R6)."""

from __future__ import annotations

from models.errors import Finding, Rejected
from models.facts import Fact
from models.settings import QualitySettings
from models.stage import Inputs, Ports, Scope, Stage
from stages import paper
from stages.decode import Decoded

_HUGE_MM = 1300.0
"""Longer than an A0 sheet: the declared resolution cannot be true, or it is not one sheet."""
_TINY_MM = 40.0


class QualityChecked(Fact):
    """``paper``: the known size that the scan has (``A4``, ``A3``, ``A5``, ``ID-1``…), or ``other``.

    ``flags``: stable codes, never a reason to delete anything; those that settings name are reasons
    to reject. ``low_dpi``: below ``settings.quality.min_dpi``; ``grey``: no colour (the law asks for
    colour as the original, so a grey paper is a flag and no more); ``odd_size``: no known paper;
    ``huge`` and ``tiny``: not the size of a sheet, so the declared dpi is doubtful.
    """

    width_mm: float
    height_mm: float
    paper: str
    flags: tuple[str, ...] = ()


def check(decoded: Decoded, settings: QualitySettings) -> QualityChecked:
    """What the measures say, without rejecting anything."""
    width_mm, height_mm = paper.size_mm(decoded.width_px, decoded.height_px, decoded.dpi)
    name = paper.paper_name(width_mm, height_mm)
    found = {
        "low_dpi": decoded.dpi < settings.min_dpi,
        "grey": not decoded.colour,
        "odd_size": name == "other",
        "huge": max(width_mm, height_mm) > _HUGE_MM,
        "tiny": max(width_mm, height_mm) < _TINY_MM,
    }
    flags = tuple(code for code, true in found.items() if true)
    return QualityChecked(width_mm=width_mm, height_mm=height_mm, paper=name, flags=flags)


def _sentence(flag: str, page: int, decoded: Decoded, checked: QualityChecked, settings: QualitySettings) -> str:
    """Why the counter has to scan this side again (Decree 30/2020 App I; Circular 05/2025 Art 8)."""
    size = f"{checked.width_mm:.0f} x {checked.height_mm:.0f} mm"
    reasons = {
        "low_dpi": f"chỉ đạt {decoded.dpi} dpi, thấp hơn mức tối thiểu {settings.min_dpi} dpi."
        f" Vui lòng quét lại với độ phân giải từ {settings.min_dpi} dpi trở lên",
        "grey": "là ảnh đen trắng hoặc xám. Vui lòng quét lại ở chế độ ảnh màu",
        "odd_size": f"có kích thước {size}, không đúng khổ giấy nào đã biết."
        " Vui lòng quét lại trọn vẹn tờ giấy, tỷ lệ 100%",
        "huge": f"có kích thước {size}, quá lớn. Vui lòng kiểm tra độ phân giải của máy quét rồi quét lại",
        "tiny": f"có kích thước {size}, quá nhỏ. Vui lòng kiểm tra độ phân giải của máy quét rồi quét lại",
    }
    return f"Mặt {page} {reasons[flag]}."


def run(inputs: Inputs, ports: Ports) -> QualityChecked:
    """Raises ``Rejected`` with a finding for each flag that ``settings.quality.reject`` names."""
    settings = ports.settings.quality
    decoded = inputs.fact(Decoded)
    checked = check(decoded, settings)
    findings = [
        Finding(flag, _sentence(flag, inputs.page, decoded, checked, settings), inputs.page)
        for flag in checked.flags
        if flag in settings.reject
    ]
    if findings:
        raise Rejected.of(findings)
    return checked


STAGE = Stage("quality", 1, Scope.PAGE, (Decoded,), QualityChecked, run)
