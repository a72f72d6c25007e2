use super::super::encode;
use super::super::spec::NumericSpecial;
use super::super::types::Kind as Read;
use super::{Rows, Target};
use crate::system::{ConnectorError, Kind};
use arrow::array::{ArrayRef, Decimal128Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;

fn batch() -> RecordBatch {
    let ids: Int64Array = (0..100).map(|id| (id % 7 != 0).then_some(id * 1_000_003)).collect();
    let texts: StringArray =
        (0..100).map(|id| (id % 5 != 0).then(|| "é".repeat(id % 11))).collect();
    let decimals: Decimal128Array = (0..100).map(|id| Some(id * 12_345 - 600_000)).collect();
    let decimals = decimals.with_precision_and_scale(12, 2).unwrap();
    let columns: [(&str, ArrayRef, bool); 3] = [
        ("id", Arc::new(ids), true),
        ("text", Arc::new(texts), true),
        ("decimal", Arc::new(decimals), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn target(batch_rows: usize) -> Target {
    let columns = vec![
        ("id".to_owned(), Read::Int64),
        ("text".to_owned(), Read::Text),
        ("decimal".to_owned(), Read::Decimal { precision: 12, scale: 2 }),
    ];
    Target::new(columns, batch_rows, NumericSpecial::Error)
}

fn stream() -> Vec<u8> {
    let batch = batch();
    let forms = encode::forms(&batch.schema()).unwrap();
    let mut bytes = encode::HEAD.to_vec();
    encode::rows(&batch, &forms, &mut bytes).unwrap();
    bytes.extend_from_slice(encode::END);
    bytes
}

fn decode(bytes: &[u8], step: usize, rows: usize) -> Result<Vec<RecordBatch>, ConnectorError> {
    let mut decoder = Rows::new(target(rows));
    let mut batches = Vec::new();
    for part in bytes.chunks(step) {
        decoder.extend(part);
        while let Some(batch) = decoder.batch()? {
            batches.push(batch);
        }
    }
    decoder.end()?;
    batches.extend(decoder.rest()?);
    Ok(batches)
}

#[test]
fn rows_are_the_same_however_the_stream_is_cut_into_messages() {
    let (bytes, whole) = (stream(), batch());
    for step in [1, 2, 7, 19, 100, bytes.len()] {
        for rows in [1, 30, 100, 1000] {
            let batches = decode(&bytes, step, rows).unwrap();
            assert!(batches.iter().all(|batch| batch.num_rows() <= rows));
            let mut at = 0;
            for batch in batches {
                assert_eq!(batch.columns(), whole.slice(at, batch.num_rows()).columns());
                at += batch.num_rows();
            }
            assert_eq!(at, 100);
        }
    }
}

#[test]
fn a_stream_that_is_cut_or_goes_on_is_an_error() {
    let bytes = stream();
    for end in 0..bytes.len() {
        assert_eq!(decode(&bytes[..end], 50, 10).unwrap_err().kind, Kind::Network, "{end}");
    }
    let more = [bytes.as_slice(), &[0, 3]].concat();
    assert_eq!(decode(&more, bytes.len() + 2, 10).unwrap_err().kind, Kind::Data);
    let mut other = bytes;
    other[20] = 4;
    assert_eq!(decode(&other, 50, 10).unwrap_err().kind, Kind::Data);
}

#[test]
fn bytes_that_are_wrong_are_an_error_or_a_value_and_never_a_panic() {
    let bytes = stream();
    for at in 0..bytes.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut wrong = bytes.clone();
            wrong[at] ^= flip;
            _ = decode(&wrong, 64, 10);
        }
    }
}
