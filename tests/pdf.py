"""The words on the pages of a PDF that Chromium wrote, read with the standard library alone."""

from __future__ import annotations

import re
import zlib


def page_texts(raw: bytes) -> list[str]:
    """Return the words of each page, without blanks, in the order in which they were drawn.

    Chromium draws glyphs by number; each font has a table (ToUnicode) that says which letter a
    number stands for.
    """
    objects = {
        int(found[1]): found[2]
        for found in re.finditer(rb"(?<!\d)(\d+) 0 obj\b(.*?)endobj", raw, re.DOTALL)
    }
    pages = [body for body in objects.values() if re.search(rb"/Type\s*/Page\b", body)]
    return [_text(body, objects) for body in pages]


def _text(page: bytes, objects: dict[int, bytes]) -> str:
    fonts = {
        name: _letters(objects[int(number)], objects)
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", page)
    }
    content = _stream(objects[int(re.search(rb"/Contents (\d+) 0 R", page)[1])])
    words, letters = [], {}
    for font, glyphs in re.findall(rb"/(F\d+) [\d.]+ Tf|<([0-9A-F]+)> Tj", content):
        if font:
            letters = fonts[font]
        else:
            codes = [glyphs[i : i + 4] for i in range(0, len(glyphs), 4)]
            words += [letters.get(int(code, 16), "?") for code in codes]
    return "".join(words)


def _letters(font: bytes, objects: dict[int, bytes]) -> dict[int, str]:
    table = re.search(rb"/ToUnicode (\d+) 0 R", font)
    if table is None:
        return {}
    text = _stream(objects[int(table[1])])
    found = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", text, re.DOTALL):
        for code, letter in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = _decoded(letter)
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", text, re.DOTALL):
        for first, last, letter in re.findall(rb"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
            low = int(first, 16)
            for code in range(low, int(last, 16) + 1):
                found[code] = chr(int(letter, 16) + code - low)
    return found


def _decoded(letter: bytes) -> str:
    return bytes.fromhex(letter.decode()).decode("utf-16-be")


def _stream(body: bytes) -> bytes:
    start = re.search(rb"stream\r?\n", body).end()
    return zlib.decompress(body[start : start + int(re.search(rb"/Length (\d+)", body)[1])])
