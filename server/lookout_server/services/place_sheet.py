"""Sheets of QR codes to print, cut out and put on walls."""

import html
import io
from collections.abc import Iterable

import segno

from lookout_server.domain.resident import ReportPlace
from lookout_server.domain.territory import Territory

_STYLE = """@page { size: A4; margin: 12mm }
body { font-family: "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; margin: 0; color: #111 }
main { display: grid; grid-template-columns: 1fr 1fr; gap: 6mm }
article { border: 1px dashed #999; border-radius: 3mm; padding: 6mm; text-align: center; break-inside: avoid }
h2 { font-size: 20pt; margin: 0 } svg { width: 58mm; height: 58mm } p { margin: 1.5mm 0; font-size: 10pt }
.place { font-size: 13pt; font-weight: 600 } .small { font-size: 8pt; color: #444; word-break: break-all }"""


def address_of(place: ReportPlace, base: str) -> str:
    """What the QR code of a place says: the address of its page."""
    return f"{base.rstrip('/')}/r/{place.code}"


def place_svg(place: ReportPlace, base: str) -> str:
    """The QR code alone, as an SVG file."""
    file = io.BytesIO()
    # Error correction Q bears a quarter of the code scratched or dirty. Without a size of its own it scales.
    code = segno.make(address_of(place, base), error="q", micro=False)
    code.save(file, kind="svg", border=4, omitsize=True, xmldecl=False, nl=False)
    return file.getvalue().decode()


def sheet(places: Iterable[tuple[ReportPlace, Territory | None]], base: str, site: str) -> str:
    """An HTML page with a card for each place, two in a row on A4. It loads nothing from elsewhere."""
    cards = "\n".join(_card(place, grid, base, site) for place, grid in places)
    return (
        f'<!doctype html>\n<html lang="zh-CN"><meta charset="utf-8"><title>码上就办 · {html.escape(site)}</title>\n'
        f"<style>{_STYLE}</style>\n<main>\n{cards}\n</main></html>\n"
    )


def _card(place: ReportPlace, grid: Territory | None, base: str, site: str) -> str:
    where = html.escape(place.name)
    around = html.escape(" · ".join(part for part in (site, grid.name if grid else "") if part))
    return (
        f"<article><h2>码上就办</h2><p>扫码上报 · Scan to report</p>{place_svg(place, base)}"
        f'<p class="place">{where}</p><p>{around}</p>'
        f"<p>发现火情请先拨打 119 · In case of fire call 119 first</p>"
        f'<p class="small">{html.escape(address_of(place, base))}</p></article>'
    )
