//! The start of a file as text, or what it is instead of text.

use super::format::Encoding;

/// Why bytes are not text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotText {
    /// They look like something else.
    Found(&'static str),
    /// A line, counted from 1, is not of the encoding.
    Line(u64),
}

/// How some files start that are called .csv by mistake.
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

/// Decodes the start of a file. A character that the end of `bytes` cuts is left out.
pub(super) fn text(bytes: &[u8], encoding: Encoding) -> Result<String, NotText> {
    if let Some((_, found)) = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Err(NotText::Found(found));
    }
    if encoding == Encoding::Utf16 {
        return Ok(utf16(bytes));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(NotText::Found("UTF-16 text"));
    }
    if bytes.contains(&0) {
        return Err(NotText::Found("binary data"));
    }
    match encoding {
        Encoding::Latin1 => Ok(bytes.iter().copied().map(char::from).collect()),
        Encoding::Utf8 | Encoding::Utf16 => {
            utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
        }
    }
}

fn utf8(bytes: &[u8]) -> Result<String, NotText> {
    match str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let (good, _) = bytes.split_at(error.valid_up_to());
            if error.error_len().is_none() {
                return Ok(String::from_utf8_lossy(good).into_owned());
            }
            Err(NotText::Line(good.split(|byte| *byte == b'\n').count() as u64))
        }
    }
}

fn utf16(bytes: &[u8]) -> String {
    let big = bytes.starts_with(b"\xfe\xff");
    let unit = |pair: &[u8; 2]| {
        if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) }
    };
    let units: Vec<u16> = bytes.as_chunks::<2>().0.iter().map(unit).collect();
    let text = String::from_utf16_lossy(&units);
    text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_other_things() {
        let ok = |text: &str| Ok(text.to_owned());
        for (bytes, encoding, expected) in [
            (&b"\xef\xbb\xbfa,\xc3\xa9"[..], Encoding::Utf8, ok("a,é")),
            (b"a,\xc3", Encoding::Utf8, ok("a,")),
            (b"a\nb\xe9c", Encoding::Utf8, Err(NotText::Line(2))),
            (b"a\nb\xe9c", Encoding::Latin1, ok("a\nbéc")),
            (b"\xff\xfea\0\xe9\0", Encoding::Utf16, ok("aé")),
            (b"\xfe\xff\0a\0\xe9", Encoding::Utf16, ok("aé")),
            (b"\xff\xfea\0", Encoding::Utf8, Err(NotText::Found("UTF-16 text"))),
            (b"\x89PNG\r\n", Encoding::Latin1, Err(NotText::Found("a PNG image"))),
            (b"a,\0b", Encoding::Utf8, Err(NotText::Found("binary data"))),
        ] {
            assert_eq!(text(bytes, encoding), expected, "{bytes:?}");
        }
    }
}
