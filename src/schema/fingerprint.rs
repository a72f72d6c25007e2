//! One short text that is equal for equal schemas.

use crate::relation::Column;

/// How many bytes of the hash are kept: two schemas of one project never share 128 bits by chance.
const BYTES: usize = 16;

/// The fingerprint of `columns`, 32 hexadecimal digits: of names, canonical types, nullability and
/// order; nothing else.
///
/// Hashed by BLAKE3 are, for each column in order: the length of its name in bytes as 8 bytes, least
/// first; the name in UTF-8; the length of its canonical type's name, likewise; that name; and one
/// byte, 1 where the column may hold NULL and 0 where not. The first 16 bytes are kept.
pub fn fingerprint<'c>(columns: impl IntoIterator<Item = &'c Column>) -> String {
    let mut hasher = blake3::Hasher::new();
    for column in columns {
        for text in [column.name.as_str(), column.data_type.canonical().as_str()] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(&[u8::from(column.nullable)]);
    }
    let hash = hasher.finalize();
    hash.as_bytes()[..BYTES].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::DataType;

    fn column(name: &str, data_type: &str, nullable: bool) -> Column {
        Column { name: name.into(), data_type: DataType::new(data_type), nullable }
    }

    #[test]
    fn it_never_changes_from_one_version_to_the_next() {
        let columns = [column("id", "bigint", false), column("größe", "decimal(10,2)", true)];
        assert_eq!(fingerprint(&columns), "65d3ece8e31fb63ae2035650948790d8");
        assert_eq!(fingerprint([]), "af1349b9f5f9a1a6a0404dea36dcc949");
    }

    #[test]
    fn names_types_nullability_and_order_count_and_nothing_else() {
        let base = [column("a", "integer", true), column("b", "struct(x integer)", true)];
        let same = [column("a", "INTEGER", true), column("b", "struct(\"x\"  integer)", true)];
        assert_eq!(fingerprint(&base), fingerprint(&same));
        for other in [
            [base[1].clone(), base[0].clone()],
            [column("A", "integer", true), base[1].clone()],
            [column("a", "bigint", true), base[1].clone()],
            [column("a", "integer", false), base[1].clone()],
        ] {
            assert_ne!(fingerprint(&base), fingerprint(&other));
        }
        let joined = [column("ab", "c", true)];
        assert_ne!(fingerprint(&joined), fingerprint(&[column("a", "bc", true)]));
    }
}
