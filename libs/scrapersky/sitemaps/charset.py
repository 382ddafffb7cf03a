"""Bytes in any encoding to UTF-8, as they arrive.

Byte order marks, UTF-16 and UTF-32 without one, and declared legacy encodings are transcoded. What claims to be UTF-8,
or nothing, passes as it is; `mixed_decoder` reads it: UTF-8 where the bytes are valid UTF-8, windows-1252 where they
are not. So a file in the wrong encoding, or in two of them, is read as its author meant it.
"""

import codecs
import re

import webencodings

BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
DECLARATION_BYTES = 1024
"""An XML declaration is looked for in this much."""

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9._:-]+)")
# Where the zero bytes stand tells the width and the order of ASCII characters.
_WIDE = (
    (re.compile(rb"[^\0]\0\0\0[^\0]\0\0\0", re.DOTALL), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]\0\0\0[^\0]", re.DOTALL), "utf-32-be"),
    (re.compile(rb"[^\0]\0[^\0]\0", re.DOTALL), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]", re.DOTALL), "utf-16-be"),
)
_ERRORS = "scrapersky-windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    octets = error.object[error.start : error.end]
    return octets.decode("cp1252", "replace"), error.end


codecs.register_error(_ERRORS, _as_windows_1252)


def mixed_decoder() -> codecs.IncrementalDecoder:
    """A decoder for UTF-8 in which every byte that cannot be UTF-8 is windows-1252; it never fails."""
    return codecs.getincrementaldecoder("utf-8")(_ERRORS)


class ToUtf8:
    """Push transcoder; what needs no transcoding passes untouched, also when it is not valid UTF-8.

    Attributes:
        encoding: What the file is read as, once known.
    """

    def __init__(self) -> None:
        self.encoding: str | None = None
        self._head = b""
        self._decoder: codecs.IncrementalDecoder | None = None
        self._legacy: codecs.CodecInfo | None = None

    def feed(self, octets: bytes) -> bytes:
        """Take the next bytes; returns UTF-8, or nothing while the encoding is not known."""
        if self.encoding is None:
            self._head += octets
            if len(self._head) < DECLARATION_BYTES:
                return b""
            octets = self._begin()
        return self._transcode(octets)

    def close(self) -> bytes:
        """Say that the file has ended; returns the rest."""
        rest = self._transcode(self._begin()) if self.encoding is None else b""
        return rest + (self._decoder.decode(b"", final=True).encode() if self._decoder else b"")

    def _begin(self) -> bytes:
        head, self._head = self._head, b""
        for mark, encoding in BOMS:
            if head.startswith(mark):
                return self._settle_on(encoding, head[len(mark) :])
        wide = next((encoding for pattern, encoding in _WIDE if pattern.match(head)), None)
        if wide is not None:
            return self._settle_on(wide, head)
        declared = _DECLARED.search(head)
        known = webencodings.lookup(declared[1].decode()) if declared else None
        # A declaration that could be read as ASCII is not in UTF-16, whatever it says.
        if known is None or known.name in {"utf-8", "utf-16le", "utf-16be"}:
            return self._settle_on("utf-8", head)
        if known.name == "iso-2022-jp":  # all of it is ASCII
            return self._settle_on(known.name, head)
        self._legacy = known.codec_info if known.name != "gbk" else codecs.lookup("gb18030")
        self.encoding = known.name
        return head

    def _settle_on(self, encoding: str, octets: bytes) -> bytes:
        self.encoding = encoding
        if encoding != "utf-8":
            self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        return octets

    def _transcode(self, octets: bytes) -> bytes:
        if self._legacy is not None and not octets.isascii():
            self._decoder = mixed_decoder() if self._is_not(self._legacy, octets) else _decoder(self._legacy)
            self._legacy = None
        if self._decoder is None:
            return octets
        return self._decoder.decode(octets).encode("utf-8", "replace")

    def _is_not(self, legacy: codecs.CodecInfo, octets: bytes) -> bool:
        """Whether the declaration is wrong: bytes beyond ASCII that all are UTF-8 are hardly ever anything else."""
        if legacy.name in {"cp1252", "iso8859-1"}:
            return True
        try:
            octets.decode()
        except UnicodeDecodeError as error:
            return error.end == len(octets) and error.reason == "unexpected end of data"
        return True


def _decoder(codec: codecs.CodecInfo) -> codecs.IncrementalDecoder:
    if codec.incrementaldecoder is None:
        return mixed_decoder()
    return codec.incrementaldecoder("replace")
