"""PDFs with text, scanned and blank pages, written by hand: pypdf itself writes no text."""

from __future__ import annotations


def stamped(scan: bytes, stamp: str) -> bytes:
    """Return a PDF of one scan with a text over its picture, of as many bytes as before."""
    picture = b"q 612 0 0 792 0 0 cm /Im10 Do Q"
    shown = b"BT /F1 1 Tf (%s) Tj ET /Im10 Do" % stamp.encode()
    assert picture in scan
    return scan.replace(picture, shown.ljust(len(picture)))


def pdf_of(*pages: str | int | None) -> bytes:
    """Return a PDF: of a page with this text, a scan with this grey in it, or a blank page each.

    All pages list the pictures of all, as some scanners write them.
    """
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>"}
    objects[3] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
    numbers = range(10, 10 + 3 * len(pages), 3)
    pictures = b" ".join(
        b"/Im%d %d 0 R" % (at, at + 2)
        for at, page in zip(numbers, pages, strict=True)
        if isinstance(page, int)
    )
    for at, page in zip(numbers, pages, strict=True):
        objects |= _page(at, page, pictures)
    kids = b" ".join(b"%d 0 R" % at for at in numbers)
    objects[2] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages))
    return _file(objects)


def _page(at: int, page: str | int | None, pictures: bytes) -> dict[int, bytes]:
    resources = b"/Resources << /Font << /F1 3 0 R >> /XObject << %s >> >>" % pictures
    shown = b"" if page is None else b"/Contents %d 0 R" % (at + 1)
    made = {
        at: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] %s %s >>" % (shown, resources)
    }
    if isinstance(page, str):
        made[at + 1] = _stream(b"", f"BT /F1 12 Tf 72 720 Td ({page}) Tj ET".encode())
    elif page is not None:
        made[at + 1] = _stream(b"", b"q 612 0 0 792 0 0 cm /Im%d Do Q" % at)
        picture = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8"
        made[at + 2] = _stream(picture + b" /ColorSpace /DeviceGray", bytes([page]))
    return made


def _stream(about: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (about, len(data), data)


def _file(objects: dict[int, bytes]) -> bytes:
    body, places = b"%PDF-1.4\n", dict[int, int]()
    for number, each in sorted(objects.items()):
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"xref\n0 1\n0000000000 65535 f \n"
    table += b"".join(
        b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in places.items()
    )
    size = max(objects) + 1
    return (
        body
        + table
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (
            size,
            len(body),
        )
    )
