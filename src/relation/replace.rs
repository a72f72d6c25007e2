//! A type with other types in place of some of its parts.

use super::DataType;
use super::shape::Shape;

impl DataType {
    /// The same type with each part for which `of` knows another in that one's place: it is asked
    /// for types without parts by their names, and for those of labels as `enum`.
    #[must_use]
    pub fn replacing(&self, of: &dyn Fn(&str) -> Option<&'static str>) -> Self {
        match Shape::of(&self.0) {
            Some(shape) => Self(replaced(shape, of).text()),
            None => self.clone(),
        }
    }
}

fn replaced(shape: Shape, of: &dyn Fn(&str) -> Option<&'static str>) -> Shape {
    let known = |name: &str| Shape::of(of(name)?);
    let fields = |fields: Vec<(Option<String>, Shape)>| {
        fields.into_iter().map(|(name, field)| (name, replaced(field, of))).collect()
    };
    let part = |part: Box<Shape>| Box::new(replaced(*part, of));
    match shape {
        Shape::Plain(name) => known(&name).unwrap_or(Shape::Plain(name)),
        Shape::Enum(labels) => known("enum").unwrap_or(Shape::Enum(labels)),
        Shape::Decimal { .. } | Shape::Varchar(_) => shape,
        Shape::Struct(all) => Shape::Struct(fields(all)),
        Shape::Union(all) => Shape::Union(fields(all)),
        Shape::Map(key, value) => Shape::Map(part(key), part(value)),
        Shape::List(element) => Shape::List(part(element)),
        Shape::Array(element, size) => Shape::Array(part(element), size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_replaced_wherever_they_stand() {
        let of = |name: &str| match name {
            "hugeint" => Some("decimal(38,0)"),
            "enum" | "time with time zone" => Some("varchar"),
            _ => None,
        };
        for (before, after) in [
            ("bigint", "bigint"),
            ("HUGEINT", "decimal(38,0)"),
            ("hugeint[]", "decimal(38,0)[]"),
            (
                "struct(hugeint hugeint, b enum('a'))",
                "struct(\"hugeint\" decimal(38,0), \"b\" varchar)",
            ),
            ("map(varchar, time with time zone)", "map(varchar, varchar)"),
        ] {
            assert_eq!(DataType::new(before).replacing(&of), DataType::new(after), "{before}");
        }
    }
}
