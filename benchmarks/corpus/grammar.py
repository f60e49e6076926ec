"""The sentences of generated administrative papers: templates with slots, written for sohoa.

``{name}`` stands for another rule, ``{#a-b}`` for a number from a to b. Slots that one paper holds
fast (``subject``, ``place``, ``body`` …) come from the paper's own context.
"""

from __future__ import annotations

RULES: dict[str, tuple[str, ...]] = {
    "subject": (
        "công bố Danh mục thủ tục hành chính {change} trong lĩnh vực {field}",
        "phê duyệt quy trình nội bộ giải quyết thủ tục hành chính lĩnh vực {field}",
        "ban hành Quy chế {rule_of} trên địa bàn {area}",
        "phê duyệt Kế hoạch {plan_for} giai đoạn {#2026-2027} - {#2028-2031}",
        "giao chỉ tiêu {target} năm {#2026-2027} cho các cơ quan, đơn vị",
        "thành lập {group} {plan_for}",
        "phê duyệt kết quả {result} đợt {#1-4} năm 2026",
        "bổ sung kinh phí {plan_for} từ nguồn dự phòng ngân sách",
    ),
    "change": ("mới ban hành", "được sửa đổi, bổ sung", "được thay thế", "bị bãi bỏ", "được chuẩn hóa"),
    "field": (
        "hộ tịch", "chứng thực", "đường bộ", "khám bệnh, chữa bệnh", "đất đai", "bảo trợ xã hội", "môi trường",
        "quy hoạch xây dựng", "an toàn thực phẩm", "thủy lợi", "thư viện", "hỗ trợ doanh nghiệp", "lâm nghiệp",
        "giáo dục thường xuyên", "lưu trữ", "phòng, chống thiên tai",
    ),
    "rule_of": (
        "quản lý, vận hành và sử dụng kho dữ liệu điện tử", "phối hợp giải quyết khiếu nại, tố cáo",
        "tiếp công dân", "quản lý cây xanh đô thị", "bảo vệ nguồn nước", "quản lý, sử dụng nhà văn hóa thôn",
        "xét tặng danh hiệu thi đua",
    ),
    "plan_for": (
        "số hóa hồ sơ, kết quả giải quyết thủ tục hành chính", "sắp xếp, bố trí lại trụ sở làm việc",
        "phát triển nhà ở xã hội", "nâng cao chất lượng nguồn nhân lực", "phòng cháy, chữa cháy rừng mùa khô",
        "xóa nhà tạm, nhà dột nát", "bảo tồn và phát huy giá trị di sản văn hóa", "chuyển đổi số cấp xã",
        "rà soát, cập nhật cơ sở dữ liệu đất đai", "cải thiện môi trường đầu tư, kinh doanh",
    ),
    "target": ("thu hồi nợ đọng thuế", "trồng rừng tập trung", "tinh giản biên chế", "giảm nghèo bền vững"),
    "group": ("Ban Chỉ đạo", "Tổ công tác liên ngành", "Hội đồng thẩm định", "Đoàn kiểm tra"),
    "result": ("đấu giá quyền sử dụng đất", "rà soát hộ nghèo, hộ cận nghèo", "thi tuyển viên chức", "xếp loại sáng kiến"),
    "area": ("tỉnh {province}", "{place}"),
    "unit": (
        "Văn phòng Ủy ban nhân dân tỉnh", "Sở Tư pháp", "Sở Nội vụ", "Sở Tài chính", "Thanh tra tỉnh",
        "Trung tâm Phục vụ hành chính công", "Bưu điện tỉnh", "Ủy ban nhân dân các xã, phường", "Kho bạc Nhà nước khu vực",
        "Sở Khoa học và Công nghệ", "Công an tỉnh", "Ban Quản lý các khu công nghiệp",
    ),
    "law": (
        "Luật Tổ chức chính quyền địa phương", "Luật Ban hành văn bản quy phạm pháp luật", "Luật Đất đai", "Luật Hộ tịch",
        "Luật Ngân sách nhà nước", "Luật Đầu tư công", "Luật Lưu trữ", "Luật Giao dịch điện tử", "Luật Cán bộ, công chức",
        "Luật Bảo vệ môi trường", "Luật Quy hoạch đô thị và nông thôn", "Luật Căn cước",
    ),
    "basis_law": (
        "Căn cứ {law} ngày {past};",
        "Căn cứ {law} ngày {past}; {law} ngày {past};",
        "Căn cứ {law} số {#11-98}/{#2019-2025}/QH1{#4-5} và Luật sửa đổi, bổ sung một số điều của {law};",
    ),
    "basis": (
        "Căn cứ Nghị định số {#10-210}/{#2019-2026}/NĐ-CP ngày {past} của Chính phủ quy định về {matter};",
        ("Căn cứ Nghị định số {#10-210}/{#2019-2026}/NĐ-CP ngày {past} của Chính phủ sửa đổi, bổ sung một số điều của"
         " các nghị định liên quan đến {matter};"),
        ("Căn cứ Thông tư số {#01-48}/{#2019-2026}/TT-{ministry_code} ngày {past} của Bộ trưởng {ministry} hướng dẫn"
         " {matter};"),
        "Căn cứ Quyết định số {#100-2900}/QĐ-{ministry_code} ngày {past} của Bộ trưởng {ministry} về việc {matter};",
        "Căn cứ Nghị quyết số {#05-88}/NQ-HĐND ngày {past} của Hội đồng nhân dân tỉnh {province} về {matter};",
        "Thực hiện Kế hoạch số {#20-300}/KH-UBND ngày {past} của Ủy ban nhân dân tỉnh về {matter};",
        "Xét kết quả thẩm định tại Báo cáo số {#20-300}/BC-{ministry_code} ngày {past} của {unit};",
    ),
    "matter": (
        "kiểm soát thủ tục hành chính", "thực hiện cơ chế một cửa, một cửa liên thông", "công tác văn thư",
        "quản lý tài sản công", "phân cấp thẩm quyền trong lĩnh vực {field}", "chế độ báo cáo định kỳ",
        "định mức kinh tế - kỹ thuật của dịch vụ sự nghiệp công", "{plan_for}", "{rule_of}",
        "bố trí công chức ở Bộ phận Tiếp nhận và Trả kết quả",
    ),
    "proposal": (
        "Theo đề nghị của {head} tại Tờ trình số {#03-420}/TTr-{body_code} ngày {past}.",
        "Xét đề nghị của {head} tại Công văn số {#103-4200}/{body_code}-VP ngày {past}.",
    ),
    "head": (
        "Giám đốc Sở Tư pháp", "Giám đốc Sở Nội vụ", "Chánh Văn phòng Ủy ban nhân dân tỉnh", "Giám đốc Sở Tài chính",
        "Giám đốc Sở Xây dựng", "Chánh Thanh tra tỉnh", "Giám đốc Sở Nông nghiệp và Môi trường",
    ),
    "who": (
        "Thủ trưởng các sở, ban, ngành", "Chủ tịch Ủy ban nhân dân các xã, phường", "Cơ quan chủ trì", "Đơn vị thụ lý hồ sơ",
        "Người đứng đầu cơ quan có thẩm quyền", "Công chức tiếp nhận hồ sơ", "{unit}", "Hội đồng thẩm định",
        "Tổ chức, cá nhân có liên quan",
    ),
    "duty": (
        "có trách nhiệm {act}", "phải {act}", "chủ trì, phối hợp với {unit} {act}", "được {act}",
        "xem xét, quyết định việc {act}", "chịu trách nhiệm trước pháp luật về việc {act}",
    ),
    "act": (
        "niêm yết công khai danh mục tại trụ sở và trên Cổng thông tin điện tử",
        "kiểm tra tính đầy đủ, hợp lệ của hồ sơ và cấp mã số cho từng hồ sơ",
        "lập danh sách {#3-90} hộ gia đình thuộc đối tượng hỗ trợ gửi {unit}",
        "tổng hợp kết quả, báo cáo trước ngày {#10-28} hằng tháng",
        "cập nhật đủ {#5-60} trường thông tin vào hệ thống quản lý văn bản",
        "thẩm tra hồ sơ, lấy ý kiến bằng văn bản của {unit}", "bố trí kinh phí theo phân cấp ngân sách hiện hành",
        "sử dụng chữ ký số chuyên dùng công vụ khi phát hành văn bản",
        "bàn giao {#2-35} mét giá tài liệu cho Lưu trữ lịch sử của tỉnh",
        "trả kết quả cho người nộp qua dịch vụ bưu chính công ích nếu có yêu cầu",
        "đối chiếu bản giấy với bản điện tử trước khi ký xác nhận", "hướng dẫn người dân kê khai theo mẫu số {#01-24}",
    ),
    "when": (
        "Trong thời hạn {#2-30} ngày làm việc kể từ ngày nhận đủ hồ sơ hợp lệ,", "Chậm nhất {#3-20} ngày sau khi có kết luận,",
        "Trường hợp hồ sơ chưa đầy đủ hoặc chưa chính xác,", "Định kỳ hằng quý,", "Kể từ ngày {soon},",
        "Khi có thay đổi về địa giới hoặc tên gọi,", "Đối với hồ sơ tiếp nhận sau 15 giờ,",
    ),
    "purpose": (
        "bảo đảm đúng thời hạn và công khai, minh bạch", "theo quy định tại khoản {#1-9} Điều {#3-45} của Nghị định này",
        "không để phát sinh hồ sơ quá hạn", "làm cơ sở cho việc xét khen thưởng cuối năm",
        "theo hướng thuận lợi nhất cho người dân, doanh nghiệp", "trừ trường hợp pháp luật có quy định khác",
        "với tổng mức không vượt quá {#120-980} triệu đồng", "bằng hình thức trực tiếp hoặc trực tuyến",
    ),
    "sentence": (
        "{who} {duty}, {purpose}.", "{when} {who_low} {duty}.", "{when} {who_low} {duty}, {purpose}.",
        "Việc {act} được thực hiện {purpose}.", "Kinh phí thực hiện là {#12-990}.{#100-990}.000 đồng, {purpose}.",
        "Quá trình thực hiện nếu có khó khăn, vướng mắc, {who_low} báo cáo {unit} để được xem xét, giải quyết.",
        "Giao {unit} {act}; {unit} {act}.",
    ),
    "who_low": ("cơ quan chủ trì", "đơn vị thụ lý", "công chức được phân công", "Chủ tịch Ủy ban nhân dân cấp xã", "{unit}"),
    "item": (
        "{act};", "{who_low} {duty};", "số lượng: {#2-95} hồ sơ, trong đó có {#1-40} hồ sơ trực tuyến;",
        "thời gian: từ ngày {soon} đến ngày {later};", "mã số {#1-3}.{#001000-013999}: giảm {#2-15} ngày làm việc;",
    ),
    "decree_1": (
        "Công bố kèm theo Quyết định này nội dung {subject} (có Phụ lục kèm theo).",
        "{Subject}, với các nội dung chủ yếu như sau:",
        "Ban hành kèm theo Quyết định này các quy định về việc {subject}.",
    ),
    "validity": (
        "Quyết định này có hiệu lực thi hành kể từ ngày ký.", "Quyết định này có hiệu lực thi hành kể từ ngày {soon}.",
        "Quyết định này có hiệu lực thi hành kể từ ngày {soon} và thay thế Quyết định số {#100-3900}/QĐ-UBND ngày {past}.",
    ),
    "carry_out": (
        ("Chánh Văn phòng Ủy ban nhân dân tỉnh; {head}; {who} và các tổ chức, cá nhân có liên quan chịu trách nhiệm thi"
         " hành Quyết định này./."),
        "Chánh Văn phòng, {head}, Thủ trưởng các cơ quan, đơn vị có liên quan căn cứ Quyết định thi hành./.",
    ),
    "letter_open": (
        ("Thực hiện Công văn số {#101-4900}/UBND-NC ngày {past} của Ủy ban nhân dân tỉnh về việc {matter}, {body} có ý kiến"
         " như sau:"),
        ("{body} nhận được văn bản số {#101-4900}/BC-UBND ngày {past} của {place} về {matter}. Sau khi nghiên cứu, {body}"
         " trả lời như sau:"),
        "Để kịp thời triển khai {plan_for}, {body} đề nghị các cơ quan, đơn vị quan tâm thực hiện một số nội dung sau:",
    ),
    "letter_close": (
        "Trên đây là ý kiến của {body}, đề nghị quý cơ quan nghiên cứu, thực hiện./.",
        "Đề nghị các cơ quan, đơn vị gửi báo cáo về {body} trước ngày {soon} để tổng hợp./.",
        "Trân trọng cảm ơn sự phối hợp của quý cơ quan./.",
    ),
    "receiver": (
        "Như Điều 3;", "Cục Kiểm soát thủ tục hành chính;", "Thường trực Tỉnh ủy;", "Thường trực HĐND tỉnh;",
        "Chủ tịch, các PCT UBND tỉnh;", "Các sở, ban, ngành;", "UBND các xã, phường;", "Cổng Thông tin điện tử tỉnh;",
        "Trung tâm Phục vụ HCC;", "Như trên;", "Báo và Đài PT-TH tỉnh;",
    ),
    "procedure": (
        "Cấp bản sao trích lục hộ tịch", "Đăng ký khai sinh kết hợp đăng ký thường trú", "Cấp giấy phép xây dựng nhà ở riêng lẻ",
        "Chuyển mục đích sử dụng đất", "Cấp lại giấy phép hành nghề", "Xác nhận tình trạng hôn nhân", "Đăng ký biến động đất đai",
        "Thẩm định báo cáo đánh giá tác động môi trường", "Hỗ trợ chi phí mai táng", "Công nhận hộ nghèo, hộ cận nghèo",
        "Cấp phép sử dụng tạm thời lòng đường, vỉa hè", "Gia hạn hoạt động cơ sở dạy nghề",
    ),
    "office": (
        "Trung tâm Phục vụ hành chính công tỉnh", "Bộ phận Một cửa cấp xã", "Sở Tư pháp, số {#2-90} đường Hùng Vương",
        "Văn phòng đăng ký đất đai",
    ),
    "fee": ("Không", "{#5-95}.000 đồng/hồ sơ", "{#1-3}.{#100-900}.000 đồng", "Không quy định", "Theo nghị quyết của HĐND tỉnh"),
    "ground": (
        "{law};", "Nghị định số {#10-190}/{#2020-2026}/NĐ-CP;", "Thông tư số {#01-40}/{#2020-2026}/TT-{ministry_code};",
        "Quyết định số {#100-990}/QĐ-{ministry_code}.",
    ),
    "delay": (
        "{#1-20} ngày làm việc", "Trong ngày; sau 15 giờ thì trả vào ngày làm việc tiếp theo",
        "{#5-30} ngày, kể từ ngày nhận đủ hồ sơ hợp lệ", "{#2-9} ngày đối với trường hợp tại điểm {letter} khoản {#1-6}",
    ),
    "letter": ("a", "b", "c", "d", "đ"),
}  # fmt: skip
