//! What some files are that are called .csv by mistake, or are written in another encoding.

use super::format::Encoding;
use super::scan::text;

/// How they start.
const MARKS: [(&[u8], &str); 14] = [
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive, perhaps an Excel workbook"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"BZh", "compressed with bzip2"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x7fELF", "a program"),
    (b"<!DOCTYPE", "an HTML page"),
    (b"<html", "an HTML page"),
];

/// As many bytes tell.
pub(super) const TELLING: u64 = text::TELLING as u64;

/// What a file is, by its first bytes, if that is not text of `encoding`.
pub(super) fn other_format(bytes: &[u8], encoding: Encoding) -> Option<&'static str> {
    if let Some((_, found)) = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Some(found);
    }
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    (is_utf16 && encoding != Encoding::Utf16).then_some("UTF-16 text")
}

/// In what else a file is written, by its first bytes, if that cannot be `encoding`.
pub(super) fn other_encoding(bytes: &[u8], encoding: Encoding) -> Option<&'static str> {
    let has_mark = bytes.starts_with(b"\xef\xbb\xbf");
    match encoding {
        Encoding::Latin1 | Encoding::Utf16 if has_mark => Some("UTF-8, as its first bytes say"),
        Encoding::Utf16 if !bytes.is_empty() && text::is_big_endian(bytes).is_none() => {
            // The last character may be cut.
            let is_utf8 = str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true);
            Some(if is_utf8 { "UTF-8" } else { "another encoding" })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_things() {
        for (bytes, encoding, expected) in [
            (&b"\xef\xbb\xbfa,\xc3\xa9"[..], Encoding::Utf8, None),
            (b"\xff\xfea\0\xe9\0", Encoding::Utf16, None),
            (b"\xff\xfea\0", Encoding::Utf8, Some("UTF-16 text")),
            (b"\xfe\xff\0a", Encoding::Latin1, Some("UTF-16 text")),
            (b"\x89PNG\r\n", Encoding::Latin1, Some("a PNG image")),
        ] {
            assert_eq!(other_format(bytes, encoding), expected, "{bytes:?}");
        }
    }

    #[test]
    fn encodings_are_told_from_others() {
        let marked = Some("UTF-8, as its first bytes say");
        for (bytes, encoding, expected) in [
            (&b"\xef\xbb\xbfid,n"[..], Encoding::Utf8, None),
            (b"\xef\xbb\xbfid,n", Encoding::Latin1, marked),
            (b"\xef\xbb\xbfid,n", Encoding::Utf16, marked),
            (b"id,n\n1,2\n", Encoding::Utf16, Some("UTF-8")),
            (b"id,\xc3", Encoding::Utf16, Some("UTF-8")),
            (b"id,\xe9\n", Encoding::Utf16, Some("another encoding")),
            (b"\0i\0d", Encoding::Utf16, None),
            (b"i\0d\0", Encoding::Utf16, None),
            (b"\xff\xfe\x04\x04", Encoding::Utf16, None),
            (b"id,\xe9\n", Encoding::Latin1, None),
        ] {
            assert_eq!(other_encoding(bytes, encoding), expected, "{bytes:?}");
        }
    }
}
