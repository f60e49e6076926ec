"""What the counter reads about a side that has to be looked at, or scanned again: what is wrong, what to do."""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "low_dpi": "có độ phân giải quá thấp ({detail}). Vui lòng quét lại với độ phân giải cao hơn",
    "grey": "là ảnh đen trắng hoặc xám. Vui lòng quét lại ở chế độ ảnh màu",
    "odd_size": "có kích thước {detail}, không đúng khổ giấy nào đã biết."
    " Vui lòng quét lại trọn vẹn tờ giấy, tỷ lệ 100%",
    "huge": "có kích thước {detail}, quá lớn. Vui lòng kiểm tra độ phân giải của máy quét rồi quét lại",
    "tiny": "có kích thước {detail}, quá nhỏ. Vui lòng kiểm tra độ phân giải của máy quét rồi quét lại",
    "dpi_guessed": "không ghi độ phân giải, tạm tính là {detail}. Vui lòng đặt máy quét ghi độ phân giải vào tệp",
    "wrong_scale": "không đúng tỷ lệ 100% ({detail}). Vui lòng tắt chế độ co giãn vừa trang,"
    " kiểm tra độ phân giải rồi quét lại",
    "cut_off": "bị mất chữ ở {detail}. Vui lòng đặt tờ giấy nằm trọn trong vùng quét rồi quét lại",
    "folded_corner": "bị gập hoặc rách ở {detail}. Vui lòng vuốt phẳng góc giấy rồi quét lại;"
    " nếu giấy rách sẵn thì giữ nguyên",
    "fingers": "có ngón tay che ở {detail}. Vui lòng bỏ tay ra khỏi mặt kính rồi quét lại",
    "dark_lid": "có nền đen quanh tờ giấy. Vui lòng đậy nắp máy quét khi quét",
    "skewed": "bị nghiêng {detail}. Vui lòng đặt giấy ngay ngắn theo mép máy quét rồi quét lại",
    "upsampled": "đã bị phóng to, độ nét thực {detail}. Vui lòng quét lại với độ phân giải quang học đủ lớn,"
    " không dùng chế độ nội suy",
    "blurred": "bị mờ, nhòe chữ. Vui lòng lau mặt kính, ép phẳng và giữ yên tờ giấy rồi quét lại",
    "washed_out": "quá sáng, chữ rất nhạt (độ đậm {detail}). Vui lòng giảm độ sáng của máy quét rồi quét lại",
    "too_dark": "quá tối (độ sáng nền giấy {detail}). Vui lòng tăng độ sáng của máy quét rồi quét lại",
    "coarse_jpeg": "bị nén quá mạnh (chất lượng JPEG {detail}). Vui lòng quét lại với chất lượng ảnh từ 75 trở lên",
    "broken_jpeg": "có tệp ảnh bị hỏng giữa chừng, mất một phần nội dung. Vui lòng quét lại hoặc gửi lại tệp gốc",
    "doubtful_jpeg": "có thể có tệp ảnh bị lỗi dữ liệu, màu hoặc độ sáng thay đổi đột ngột giữa trang."
    " Vui lòng kiểm tra lại ảnh, nếu sai thì quét lại",
    "show_through": "hiện cả chữ của mặt sau ({detail} mặt giấy)."
    " Nếu khó đọc, vui lòng lót tờ giấy đen phía sau rồi quét lại",
}
"""One for each code of :data:`models.quality.SEVERITIES`; they follow "Mặt 3 "."""


def sentence(code: str, page: int, detail: str) -> str:
    """One sentence or two about a side, for the counter."""
    return f"Mặt {page} {SENTENCES[code].format(detail=detail)}."
