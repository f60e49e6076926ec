"""Words that a reader must not correct: syllables of any make, names of minorities, English, signs."""

from __future__ import annotations

import unicodedata

import numpy as np

ONSETS = ("", "b", "c", "ch", "d", "đ", "g", "gh", "gi", "h", "k", "kh", "l", "m", "n", "ng", "ngh", "nh", "p", "ph", "qu",
          "r", "s", "t", "th", "tr", "v", "x")  # fmt: skip
VOWELS = ("a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y", "ai", "ao", "au", "ay", "âu", "ây", "eo", "êu", "ia",
          "iê", "iêu", "oa", "oă", "oe", "oi", "ôi", "ơi", "ua", "uâ", "ui", "uê", "uô", "uơ", "uy", "ưa", "ươ", "ươi", "ưu",
          "yê", "uyê", "iu", "oai", "oay", "uôi", "ưi")  # fmt: skip
CODAS = ("", "", "", "c", "ch", "m", "n", "ng", "nh", "p", "t")
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_HEART = "aăâeêoôơiuưy"


def syllable(rng: np.random.Generator) -> str:
    """A syllable of any onset, vowel, end and tone, whether the language has it or not; NFC."""
    vowel = VOWELS[int(rng.integers(len(VOWELS)))]
    coda = CODAS[int(rng.integers(len(CODAS)))] if len(vowel) < 3 else ""
    tone = TONES[int(rng.integers(len(TONES)))]
    marked = [place for place, letter in enumerate(vowel) if letter in "ăâêôơư"]
    place = marked[-1] if marked else (len(vowel) - 1 if coda or len(vowel) == 1 else max(0, len(vowel) - 2))
    toned = vowel[: place + 1] + tone + vowel[place + 1 :]
    return unicodedata.normalize("NFC", ONSETS[int(rng.integers(len(ONSETS)))] + toned + coda)


RARE = (
    "Đắk Lắk", "Đắk Nông", "Krông Pắc", "Ea H'leo", "Cư M'gar", "Cư Jút", "Kon Plông", "Sa Thầy", "Ia Grai", "Ayun Pa",
    "Chư Păh", "Chư Prông", "Mường Ảng", "Nậm Pồ", "Si Pa Phìn", "Mù Cang Chải", "Púng Luông", "Sìn Hồ", "Pa Vệ Sử",
    "Hoàng Su Phì", "Xín Mần", "Mèo Vạc", "Lũng Cú", "Bát Xát", "Y Tý", "Tả Phìn", "Lùng Phình", "Trà Leng", "Tu Mơ Rông",
    "Măng Ri", "Ngọk Linh", "Đăk Hà", "Đam Rông", "Lộc Ninh", "Bù Gia Mập", "Bù Đăng", "Trà Cú", "Cầu Kè", "Sóc Trăng",
    "Hòn Đất", "An Biên", "U Minh Thượng", "Năm Căn", "Ngọc Hiển", "Huổi Só", "Tủa Chùa", "Noong Luống", "Pá Khoang",
    "H'Hen Niê", "Y Bhăm Niê Kdăm", "Ksor H'Lan", "Rơ Châm Kiệp", "Siu Y Bláh", "Rah Lan Tuyết", "Nay Der", "A Lăng Bhuôch",
    "Giàng A Chu", "Vàng Seo Páo", "Thào Thị Súa", "Lò Văn Pâng", "Cứ A Vừ", "Lầu Y Pó", "Sùng A Tráng", "Ly Xè Xá",
    "Thạch Sa Phi", "Kim Sô Phol", "Sơn Thị Sà Rươne", "Danh Ớl", "Chau Sóc Kunl", "Kpă Klơng", "Đinh Hrêu", "Hồ Thị Ăm",
    "Bríu Quân", "Zơrâm Nhum", "Pơloong Plênh", "K'Brếu", "Bon Niêng Ha Hiên", "Lơ Mu Ha Poh", "Cil Múp", "Kră Jăn Ha Gốch",
    "Bế Ích Quân", "Ma Khánh Toàn", "Hoàng Xín Vùi", "Chảo Lở Mẩy", "Tẩn Sài Pham", "Phùng Mùi Khé", "Đặng Tòn Phẩu",
    "Huế", "Bạc Liêu", "Thừa Thiên Huế", "Bắc Kạn", "Quảng Ngãi", "Hậu Giang", "Phú Yên", "Bình Thuận", "Cà Mau", "Lạng Sơn",
    "Tỳ kheo Thích Huệ Đăng", "Quýnh", "Khuê", "Quỵ", "Nguyễn Hữu Quyềnh", "Ngoẹo", "Quyễn", "Khuỷu", "Huỳnh Ngoãn",
)  # fmt: skip
"""Names of places and invented people whose letters ordinary Vietnamese does not have in that order."""

ENGLISH = (
    "The", "of", "Microsoft Office", "Visa", "Passport", "Consular", "Certificate", "Laboratory", "software", "email",
    "Fax", "Website", "ISO 9001:2015", "TCVN", "QR Code", "Wi-Fi", "COVID-19", "Internet", "online", "logistics", "Company",
    "Limited", "Joint Stock", "International", "Vietnam", "Republic", "People's Committee", "Department of Justice", "GMP",
    "WHO", "UNESCO", "ASEAN", "ODA", "FDI", "PPP", "GDP", "HACCP", "Paracetamol", "Amoxicillin", "sulfate", "Oryza sativa",
    "Panax vietnamensis", "Penaeus monodon", "Samsung", "Honda Wave", "Toyota", "Hyundai", "Kawasaki", "John Smith",
    "Wang Xiaoming", "Kim Min-jun", "Müller", "François", "Zhang Wei", "workshop", "marketing", "container", "karaoke",
    "massage", "gas", "video", "festival", "Startup", "Blockchain", "Smart City", "IOC", "LGSP", "VNeID", "iOS", "Android",
    "Password", "Johnson & Johnson", "Unit", "Quality", "Jurisdiction", "Extrajudicial", "with", "from", "having", "whereas",
)  # fmt: skip

SIGNS = ("≤", "≥", "±", "×", "§ 5", "÷", "≠", "°C", "m²", "m³", "½", "µg", "→", "•", "–", "…", "☐", "☑", "‰", "+", "=", "*",
         "#", "&", "@", "%", "<", ">", "[a]", "{b}", "_", "|", "~", "$", "€", "‘x’", "’", "“y”", "‘", "Ø 60", "№ 5")  # fmt: skip

UNITS = (
    "kg",
    "ha",
    "km",
    "m",
    "tấn",
    "người",
    "hồ sơ",
    "ngày",
    "tháng",
    "hộ",
    "triệu đồng",
    "tỷ đồng",
    "USD",
    "lít",
    "cái",
)

TITLES = (
    "QUYẾT ĐỊNH", "QUYẾT ĐỊNH:", "NGHỊ QUYẾT", "THÔNG BÁO", "KẾ HOẠCH", "BÁO CÁO", "TỜ TRÌNH", "PHỤ LỤC", "GIẤY MỜI",
    "BIÊN BẢN", "HƯỚNG DẪN", "CHỈ THỊ", "GIẤY CHỨNG NHẬN", "GIẤY KHAI SINH", "TRÍCH LỤC KHAI TỬ", "GIẤY PHÉP", "PHIẾU TRÌNH",
    "Chương I", "Chương II", "Mục 1", "Mục 2", "Điều 1.", "Phần thứ hai", "QUY ĐỊNH CHUNG", "TỔ CHỨC THỰC HIỆN", "MỤC LỤC",
    "DANH MỤC THỦ TỤC HÀNH CHÍNH", "Mẫu số 01", "HỢP ĐỒNG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ĐƠN ĐỀ NGHỊ", "TỜ KHAI",
    "Kính gửi:", "CÔNG ĐIỆN", "QUY CHẾ", "ĐỀ ÁN", "SƠ YẾU LÝ LỊCH", "GIẤY ỦY QUYỀN", "BẢN SAO", "CHỨNG THỰC BẢN SAO ĐÚNG VỚI BẢN CHÍNH",
)  # fmt: skip

LETTERHEAD = ("SỞ TƯ PHÁP", "SỞ NỘI VỤ", "SỞ Y TẾ", "VĂN PHÒNG", "SỞ GIÁO DỤC VÀ ĐÀO TẠO", "HỘI ĐỒNG NHÂN DÂN", "CÔNG AN TỈNH",
              "CỤC THUẾ", "TÒA ÁN NHÂN DÂN", "BỘ XÂY DỰNG", "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG", "ĐẢNG ỦY", "THANH TRA TỈNH")  # fmt: skip
