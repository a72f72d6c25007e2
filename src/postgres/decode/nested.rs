//! Arrays and composites.

use super::{Decoder, Nulls, Wrong};
use arrow::array::{ArrayRef, ListArray, StructArray};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{Field, Fields};
use std::sync::Arc;

const ARRAY: Wrong = Wrong::Form("array");
const COMPOSITE: Wrong = Wrong::Form("composite");

/// Takes a number off the front.
fn take(bytes: &mut &[u8]) -> Option<i32> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*number))
}

/// Takes a length and so many bytes off the front; `None` is NULL.
fn take_value<'a>(bytes: &mut &'a [u8], wrong: &Wrong) -> Result<Option<&'a [u8]>, Wrong> {
    let length = take(bytes).ok_or_else(|| wrong.clone())?;
    if length == -1 {
        return Ok(None);
    }
    let length = usize::try_from(length).map_err(|_| wrong.clone())?;
    let (value, rest) = bytes.split_at_checked(length).ok_or_else(|| wrong.clone())?;
    *bytes = rest;
    Ok(Some(value))
}

/// Arrays of one dimension, whatever the number of their first element.
pub(crate) struct Lists {
    field: Arc<Field>,
    elements: Box<dyn Decoder>,
    offsets: Vec<i32>,
    nulls: Nulls,
}

impl Lists {
    pub(crate) fn new(field: Field, elements: Box<dyn Decoder>) -> Self {
        Self { field: Arc::new(field), elements, offsets: vec![0], nulls: Nulls::default() }
    }

    /// How many elements there are.
    fn elements(&mut self, mut value: &[u8]) -> Result<i32, Wrong> {
        let dimensions = take(&mut value).ok_or(ARRAY)?;
        // Whether there are NULLs, and the type of the elements, which is known.
        take(&mut value).ok_or(ARRAY)?;
        take(&mut value).ok_or(ARRAY)?;
        match dimensions {
            0 => return Ok(0),
            1 => {}
            several => return Err(Wrong::Dimensions(several)),
        }
        let count = take(&mut value).ok_or(ARRAY)?;
        take(&mut value).ok_or(ARRAY)?;
        for _ in 0..count {
            self.elements.value(take_value(&mut value, &ARRAY)?)?;
        }
        if value.is_empty() && count >= 0 { Ok(count) } else { Err(ARRAY) }
    }
}

impl Decoder for Lists {
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        let count = match value {
            Some(value) => self.elements(value)?,
            None => 0,
        };
        let end = self.offsets.last().copied().unwrap_or_default().checked_add(count);
        self.offsets.push(end.ok_or(Wrong::Size)?);
        self.nulls.add(value.is_some());
        Ok(())
    }

    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        let offsets = std::mem::replace(&mut self.offsets, vec![0]);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let (elements, nulls) = (self.elements.finish()?, self.nulls.finish());
        ListArray::try_new(Arc::clone(&self.field), offsets, elements, nulls)
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| Wrong::Arrow(error.to_string()))
    }
}

/// Composites, field by field.
pub(crate) struct Structs {
    fields: Fields,
    decoders: Vec<Box<dyn Decoder>>,
    nulls: Nulls,
}

impl Structs {
    pub(crate) fn new(fields: Fields, decoders: Vec<Box<dyn Decoder>>) -> Self {
        Self { fields, decoders, nulls: Nulls::default() }
    }
}

impl Decoder for Structs {
    fn value(&mut self, value: Option<&[u8]>) -> Result<(), Wrong> {
        self.nulls.add(value.is_some());
        let Some(mut value) = value else {
            return self.decoders.iter_mut().try_for_each(|decoder| decoder.value(None));
        };
        let count = take(&mut value).ok_or(COMPOSITE)?;
        if usize::try_from(count) != Ok(self.decoders.len()) {
            return Err(COMPOSITE);
        }
        for decoder in &mut self.decoders {
            take(&mut value).ok_or(COMPOSITE)?;
            decoder.value(take_value(&mut value, &COMPOSITE)?)?;
        }
        if value.is_empty() { Ok(()) } else { Err(COMPOSITE) }
    }

    fn finish(&mut self) -> Result<ArrayRef, Wrong> {
        let arrays = self.decoders.iter_mut().map(|decoder| decoder.finish());
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        StructArray::try_new(self.fields.clone(), arrays, self.nulls.finish())
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| Wrong::Arrow(error.to_string()))
    }
}
