//! What some files are that are called .csv by mistake.

use super::format::Encoding;

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
pub(super) const LONGEST_MARK: u64 = 16;

/// What a file is, by its first bytes, if that is not text of `encoding`.
pub(super) fn other_format(bytes: &[u8], encoding: Encoding) -> Option<&'static str> {
    if let Some((_, found)) = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Some(found);
    }
    let is_utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    (is_utf16 && encoding != Encoding::Utf16).then_some("UTF-16 text")
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
}
