"""Invented people, places and bodies for the generated papers. No list here names a living person.

Provinces and communes are made up too; ministries and the Government are named as the State names them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SURNAMES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô",
    "Dương", "Lý", "Đoàn", "Trịnh", "Đinh", "Mai", "Lâm", "Tạ", "Chu", "Lương", "Vàng", "Giàng", "Nông", "Y",
)  # fmt: skip
MIDDLES = {
    "Nam": ("Văn", "Hữu", "Đức", "Quốc", "Minh", "Xuân", "Thành", "Công", "Trọng", "Quang", "Đình", "Bá", "Viết"),
    "Nữ": ("Thị", "Thị Ngọc", "Thị Thu", "Thị Kim", "Ngọc", "Thanh", "Thị Mỹ", "Thúy", "Thị Bích", "Hoài", "Diệu"),
}
GIVEN = {
    "Nam": (
        "Thắng", "Dũng", "Hưởng", "Nghĩa", "Toàn", "Trí", "Khải", "Phước", "Lượng", "Tuấn", "Hòa", "Bằng", "Kiên",
        "Sỹ", "Đạt", "Quý", "Nhật", "Vượng", "Thịnh", "Cường", "Hiếu", "Long", "Phong", "Sáng", "Thưởng", "Tưởng",
    ),
    "Nữ": (
        "Hằng", "Nguyệt", "Phượng", "Huệ", "Thảo", "Yến", "Quỳnh", "Liễu", "Mỹ", "Ánh", "Tuyết", "Dung", "Hạnh",
        "Hường", "Nhung", "Loan", "Thủy", "Trâm", "Vân", "Xuyến", "Ngân", "Đào", "Hiền", "Lụa", "Mận", "Thơ",
    ),
}  # fmt: skip
PROVINCES = (
    "An Lâm", "Bình Sa", "Hà Khê", "Phú Thượng", "Sơn Vĩ", "Đông Lĩnh", "Tân Giang", "Vĩnh Cửu Hạ", "Cẩm Nguyên",
    "Quảng Lộc", "Nghĩa Thuận", "Thạch Bình", "Hưng Lễ", "Đại Ngàn", "Trường Giang", "Bắc Sở", "Kiến Đức", "Lạc Thủy Nam",
)  # fmt: skip
COMMUNES = (
    "Phước Hậu", "Tân Lược", "Mỹ Thuận", "Nậm Khắt", "Đắk Nhuần", "Ea Sương", "Bảo Đài", "Cự Khối", "Đồng Văn Hạ",
    "Gia Hòa", "Hợp Đức", "Khánh Thiện", "Long Hựu", "Mường Lậu", "Ngọc Sơn", "Quế Phước", "Sủng Mán", "Tam Quan",
    "Thượng Ấm", "Trực Đại", "Ứng Hòe", "Vĩnh Kỳ", "Xuân Lẹ", "Yên Nghĩa", "Chiềng Bôm", "Hữu Lũy", "Diễn Bích",
)  # fmt: skip
STREETS = (
    "Lê Lợi", "Trần Hưng Đạo", "Nguyễn Trãi", "Hai Bà Trưng", "Lý Thường Kiệt", "Quang Trung", "Phan Bội Châu",
    "Cách Mạng Tháng Tám", "Điện Biên Phủ", "Võ Thị Sáu", "Hùng Vương", "Ngô Quyền", "Bạch Đằng",
)  # fmt: skip
ETHNIC = ("Kinh", "Kinh", "Kinh", "Tày", "Thái", "Mường", "Khmer", "Nùng", "Mông", "Dao", "Gia Rai", "Ê Đê", "Cơ Ho")
DEPARTMENTS = {
    "Sở Tư pháp": "STP",
    "Sở Nội vụ": "SNV",
    "Sở Xây dựng": "SXD",
    "Sở Y tế": "SYT",
    "Sở Tài chính": "STC",
    "Sở Giáo dục và Đào tạo": "SGDĐT",
    "Sở Khoa học và Công nghệ": "SKHCN",
    "Sở Nông nghiệp và Môi trường": "SNNMT",
    "Sở Văn hóa, Thể thao và Du lịch": "SVHTTDL",
}
MINISTRIES = {
    "Bộ Tư pháp": "BTP",
    "Bộ Nội vụ": "BNV",
    "Bộ Tài chính": "BTC",
    "Bộ Xây dựng": "BXD",
    "Bộ Y tế": "BYT",
    "Bộ Công an": "BCA",
    "Bộ Nông nghiệp và Môi trường": "BNNMT",
    "Bộ Khoa học và Công nghệ": "BKHCN",
}


@dataclass(frozen=True)
class Person:
    """An invented person. ``sex``: Nam or Nữ. ``number``: 12 digits, well-formed, of nobody."""

    name: str
    sex: str
    birth_year: int
    number: str
    ethnic: str
    home: str


@dataclass(frozen=True)
class Place:
    """An invented commune of an invented province. ``ward``: phường instead of xã."""

    commune: str
    province: str
    ward: bool

    @property
    def commune_text(self) -> str:
        return f"{'phường' if self.ward else 'xã'} {self.commune}"

    @property
    def province_text(self) -> str:
        return f"tỉnh {self.province}"

    @property
    def text(self) -> str:
        return f"{self.commune_text}, {self.province_text}"


def pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def place(rng: np.random.Generator) -> Place:
    """A commune or ward somewhere."""
    return Place(pick(rng, COMMUNES), pick(rng, PROVINCES), bool(rng.random() < 0.3))


def address(rng: np.random.Generator, where: Place) -> str:
    """Where somebody lives: house and street in a ward, a hamlet in a commune."""
    if where.ward:
        return f"Số {rng.integers(1, 420)} đường {pick(rng, STREETS)}, {where.text}"
    return f"{pick(rng, ('Thôn', 'Ấp', 'Tổ', 'Xóm', 'Bản'))} {rng.integers(1, 15)}, {where.text}"


def person(
    rng: np.random.Generator, sex: str | None = None, born: tuple[int, int] = (1958, 2003), where: Place | None = None
) -> Person:
    """Somebody who never lived; ``born``: first and last possible year of birth."""
    sex = sex or pick(rng, ("Nam", "Nữ"))
    year = int(rng.integers(born[0], born[1] + 1))
    century = (0 if year < 2000 else 2) + (0 if sex == "Nam" else 1)
    # 003 is a code that the State never gave out, so that no number can be anybody's.
    number = f"003{century}{year % 100:02d}{rng.integers(1_000_000):06d}"
    name = f"{pick(rng, SURNAMES)} {pick(rng, MIDDLES[sex])} {pick(rng, GIVEN[sex])}"
    return Person(name, sex, year, number, pick(rng, ETHNIC), address(rng, where or place(rng)))
