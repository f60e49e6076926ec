"""Why a received file cannot be accepted: stable codes, and what to tell the counter."""

from __future__ import annotations

from models.errors import Rejected

SENTENCES = {
    "empty_file": "tệp rỗng (0 byte). Hãy quét lại và gửi lại.",
    "foreign_file": "không phải là ảnh JPEG, PNG, TIFF hoặc tệp PDF. Hãy quét lại và lưu ở một trong các định dạng đó.",
    "file_too_large": "tệp quá lớn. Hãy quét lại với độ phân giải thấp hơn hoặc chia thành nhiều tệp.",
    "truncated": "ảnh bị cắt cụt, không đủ dữ liệu. Hãy quét lại và gửi lại.",
    "damaged_image": "ảnh bị hỏng, không mở được. Hãy quét lại và gửi lại.",
    "unsupported_image": "ảnh dùng kiểu mã hóa không được hỗ trợ. Hãy quét lại thành ảnh JPEG 8 bit (xám hoặc màu RGB).",
    "too_many_pixels": "ảnh có quá nhiều điểm ảnh. Hãy quét lại với độ phân giải thấp hơn.",
    "uneven_dpi": "độ phân giải ngang và dọc khác nhau. Hãy quét lại với cùng một độ phân giải cho cả hai chiều.",
    "damaged_pdf": "tệp PDF bị hỏng. Hãy quét lại và gửi lại.",
    "encrypted_pdf": "tệp PDF bị khóa (mã hóa). Hãy quét lại từ bản giấy, không đặt mật khẩu.",
    "signed_pdf": "tệp PDF đã được ký số nên không được xử lý lại. Hãy nộp nguyên bản điện tử, hoặc quét từ bản giấy.",
    "born_digital": "tệp PDF có chữ hoặc hình vẽ điện tử, không phải là bản quét. "
    "Hãy nộp nguyên bản điện tử, hoặc quét từ bản giấy.",
    "layered_pdf": "ảnh được nén nhiều lớp hoặc có lớp trong suốt. Hãy tắt chế độ PDF nén (MRC, Compact PDF) và quét lại.",
    "several_images": "có nhiều ảnh rời trên một trang. Hãy quét lại để mỗi trang giấy là một ảnh.",
    "no_page_image": "trang không có ảnh quét. Hãy bỏ trang này hoặc quét lại.",
    "too_many_pages": "có quá nhiều trang. Hãy chia thành nhiều hồ sơ.",
    "empty_batch": "Lô quét không có tệp nào. Hãy quét lại và gửi lại.",
}
"""What is wrong and what to do; follows the name of the file. Printed to counter staff."""


def refused(code: str, detail: str = "", page: int = 0) -> Rejected:
    """The error for a file, or for one ``page`` of it (from 1). ``detail``: numbers, put before the sentence."""
    sentence = SENTENCES[code]
    return Rejected(code, f"{detail}: {sentence}" if detail else sentence, page)
