"""Text that inline scripts put together, read without running anything: joined, reversed, decoded string literals."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import unquote

MAX_SCRIPT = 200_000
MAX_TOKENS = 20_000
MAX_TEXT = 2000

_STRING = r"'(?:[^'\\\n]|\\.){0,2000}+'|\"(?:[^\"\\\n]|\\.){0,2000}+\""
_TOKEN = re.compile(rf"({_STRING})|([A-Za-z_$][\w$.]{{0,80}})|(\+=|\+|=(?!=))|[;:,(){{}}\[\]=<>?|&]")
_REVERSED = re.compile(rf"({_STRING})\s?\.split\((?:''|\"\")\)\s?\.reverse\(\)\s?\.join\((?:''|\"\")\)")
_DECODED = re.compile(rf"\b(unescape|decodeURI(?:Component)?|atob)\(\s?({_STRING})\s?\)")
_CODES = re.compile(r"String\.fromCharCode\(([\s\da-fA-Fx,]{1,2000}+)\)")
_CODE = re.compile(r"\b(?:0x[\da-fA-F]{1,4}|[1-9]\d{0,4})\b")
_ESCAPE = re.compile(r"\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|(.))")
_SIGNS = ("@", "&#64;", "&#x40;", "\\x40", "\\u0040", "%40")
_TELLING = ("fromCharCode", "reverse()", "unescape(", "decodeURI", "atob(")


def built_texts(script: str) -> Iterator[str]:
    """Every text that a script joins from several literals and variables, or decodes; at most `MAX_TEXT` long each.

    A variable stands for what was last assigned to it above. A line break stands for all else.
    """
    script = script[:MAX_SCRIPT]
    if any(word in script for word in _TELLING):
        for pattern, plain in ((_REVERSED, _reversed), (_DECODED, _decoded), (_CODES, _from_codes)):
            yield from (plain(match)[:MAX_TEXT] for match in pattern.finditer(script))
            script = pattern.sub(partial(_literal_of, plain), script)
    if any(sign in script for sign in _SIGNS):
        yield from _joined(script)


def _joined(script: str) -> Iterator[str]:
    variables: dict[str, str] = {}
    name = target = ""
    parts: list[str] = []
    adds = False
    for count, token in enumerate(_TOKEN.finditer(script)):
        string, word, operator = token.groups()
        if count > MAX_TOKENS:
            break
        if string is not None or word is not None:
            if parts and not adds:
                parts, target = [], ""
            parts.append(unescaped(string) if string is not None else variables.get(word, "\n"))
            name, adds = word or "", False
        elif operator == "+":
            adds = True
        else:
            if len(parts) > 1:
                yield "".join(parts)[:MAX_TEXT]
            if target and parts:
                variables[target] = "".join(parts)[-MAX_TEXT:]
            target = name if operator else ""
            parts = [variables.get(target, "")] if operator == "+=" else []
            adds = operator == "+="
    if len(parts) > 1:
        yield "".join(parts)[:MAX_TEXT]


def unescaped(literal: str) -> str:
    """The text of a JavaScript string literal, its quotes and escapes undone."""
    return _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)) if not match[3] else match[3], literal[1:-1])


def _literal_of(plain: Callable[[re.Match[str]], str], match: re.Match[str]) -> str:
    return "'" + re.sub(r"['\\\n]", "", plain(match)) + "'"


def _reversed(match: re.Match[str]) -> str:
    return unescaped(match[1])[::-1]


def _decoded(match: re.Match[str]) -> str:
    text = unescaped(match[2])
    if match[1] != "atob":
        return unquote(text)
    try:
        return base64.b64decode(text).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _from_codes(match: re.Match[str]) -> str:
    return "".join(chr(int(code, 0) & 0xFFFF) for code in _CODE.findall(match[1]))
