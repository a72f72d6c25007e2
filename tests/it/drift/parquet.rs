//! A Parquet file whose footer says which columns are required: DuckDB writes none that does.

/// A column of a file.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) values: Vec<Option<String>>,
}

/// What its values are.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Integer,
    Bigint,
    Text,
    /// Days since 1970.
    Date,
}

impl Kind {
    fn physical(self) -> i64 {
        match self {
            Self::Integer | Self::Date => 1,
            Self::Bigint => 2,
            Self::Text => 6,
        }
    }

    fn converted(self) -> Option<i64> {
        match self {
            Self::Text => Some(0),
            Self::Date => Some(6),
            Self::Integer | Self::Bigint => None,
        }
    }

    fn plain(self, value: &str) -> Vec<u8> {
        match self {
            Self::Integer | Self::Date => value.parse::<i32>().unwrap().to_le_bytes().to_vec(),
            Self::Bigint => value.parse::<i64>().unwrap().to_le_bytes().to_vec(),
            Self::Text => {
                let length = u32::try_from(value.len()).unwrap();
                [&length.to_le_bytes(), value.as_bytes()].concat()
            }
        }
    }
}

/// The bytes of a file with these columns: one row group, one page for each, plain.
pub(crate) fn file(columns: &[Column]) -> Vec<u8> {
    let mut bytes = b"PAR1".to_vec();
    let rows = columns[0].values.len();
    let mut chunks = Vec::new();
    for column in columns {
        let start = bytes.len();
        bytes.extend(page(column));
        chunks.push((start, bytes.len() - start));
    }
    let root = Struct::default().text(4, "root").number(5, number_of(columns.len()), I32);
    let mut schema = vec![root.end()];
    schema.extend(columns.iter().map(element));
    let group =
        columns.iter().zip(chunks).map(|(column, (start, size))| chunk(column, start, size));
    let group = Struct::default().list(1, &group.collect::<Vec<_>>()).number(2, 0, I64);
    let group = group.number(3, number_of(rows), I64).end();
    let footer = Struct::default().number(1, 1, I32).list(2, &schema);
    let footer = footer.number(3, number_of(rows), I64).list(4, &[group]).end();
    bytes.extend(&footer);
    bytes.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
    bytes.extend(b"PAR1");
    bytes
}

fn number_of(count: usize) -> i64 {
    i64::try_from(count).unwrap()
}

fn element(column: &Column) -> Vec<u8> {
    let element = Struct::default().number(1, column.kind.physical(), I32);
    let element = element.number(3, i64::from(!column.required), I32).text(4, column.name);
    match column.kind.converted() {
        Some(converted) => element.number(6, converted, I32).end(),
        None => element.end(),
    }
}

fn page(column: &Column) -> Vec<u8> {
    let mut data = Vec::new();
    if !column.required {
        // Definition levels, each a run of one: its length doubled, then the level.
        let levels: Vec<u8> =
            column.values.iter().flat_map(|value| [2, u8::from(value.is_some())]).collect();
        data.extend(u32::try_from(levels.len()).unwrap().to_le_bytes());
        data.extend(levels);
    }
    data.extend(column.values.iter().flatten().flat_map(|value| column.kind.plain(value)));
    let size = number_of(data.len());
    let header = Struct::default().number(1, number_of(column.values.len()), I32);
    let header = header.number(2, 0, I32).number(3, 3, I32).number(4, 3, I32).end();
    let page = Struct::default().number(1, 0, I32).number(2, size, I32).number(3, size, I32);
    [page.inner(5, &header).end(), data].concat()
}

fn chunk(column: &Column, start: usize, size: usize) -> Vec<u8> {
    let (start, size) = (number_of(start), number_of(size));
    let about = Struct::default().number(1, column.kind.physical(), I32).numbers(2, &[0, 3]);
    let about = about.texts(3, &[column.name]).number(4, 0, I32);
    let about = about.number(5, number_of(column.values.len()), I64).number(6, size, I64);
    let about = about.number(7, size, I64).number(9, start, I64).end();
    Struct::default().number(2, start, I64).inner(3, &about).end()
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A struct in Thrift's compact protocol.
#[derive(Default)]
struct Struct {
    bytes: Vec<u8>,
    last: u8,
}

impl Struct {
    fn field(mut self, id: u8, kind: u8, value: &[u8]) -> Self {
        self.bytes.push((id - self.last) << 4 | kind);
        self.bytes.extend(value);
        self.last = id;
        self
    }

    fn number(self, id: u8, number: i64, kind: u8) -> Self {
        self.field(id, kind, &zigzag(number))
    }

    fn text(self, id: u8, text: &str) -> Self {
        self.field(id, BINARY, &binary(text))
    }

    fn inner(self, id: u8, inner: &[u8]) -> Self {
        self.field(id, STRUCT, inner)
    }

    fn list(self, id: u8, items: &[Vec<u8>]) -> Self {
        self.listed(id, STRUCT, items)
    }

    fn numbers(self, id: u8, numbers: &[i64]) -> Self {
        let items: Vec<Vec<u8>> = numbers.iter().map(|number| zigzag(*number)).collect();
        self.listed(id, I32, &items)
    }

    fn texts(self, id: u8, texts: &[&str]) -> Self {
        let items: Vec<Vec<u8>> = texts.iter().map(|text| binary(text)).collect();
        self.listed(id, BINARY, &items)
    }

    fn listed(self, id: u8, kind: u8, items: &[Vec<u8>]) -> Self {
        let count = u8::try_from(items.len()).unwrap();
        assert!(count < 15);
        self.field(id, LIST, &[vec![count << 4 | kind], items.concat()].concat())
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

fn binary(text: &str) -> Vec<u8> {
    [varint(text.len() as u64), text.as_bytes().to_vec()].concat()
}

#[expect(clippy::cast_sign_loss, reason = "zigzag is about the bits")]
fn zigzag(number: i64) -> Vec<u8> {
    varint((number << 1 ^ number >> 63) as u64)
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
    bytes
}
