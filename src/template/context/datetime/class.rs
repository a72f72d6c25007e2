//! `datetime.datetime`, `datetime.date` and `datetime.time`: how moments are made.

use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::{strtime, temporal::Pieces};
use jiff::{SignedDuration, Timestamp};
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::moment::{Moment, Part, jiff_format};
use super::wrong;
use super::zone::Zone;
use crate::template::error::{Kind, fail};
use crate::template::signature::bind;
use crate::template::value::display;

/// One of the three classes.
#[derive(Debug)]
pub(crate) struct Class {
    pub part: Part,
    pub now: Timestamp,
}

const FIELDS: [&str; 8] =
    ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"];

impl Class {
    /// The arguments as year, month, day, hour, minute, second, microsecond and zone.
    fn fields(&self, args: &[Value]) -> Result<[Option<Value>; 8], Error> {
        match self.part {
            Part::DateTime => Ok(bind("datetime", FIELDS, args)?.0),
            Part::Date => {
                let [year, month, day] =
                    bind("date", ["year", "month", "day"], args)?.required("date")?;
                Ok([Some(year), Some(month), Some(day), None, None, None, None, None])
            }
            Part::Time => {
                let [hour, minute, second, micro] =
                    bind("time", ["hour", "minute", "second", "microsecond"], args)?.0;
                let first = Some(Value::from(1));
                Ok([
                    Some(Value::from(1900)),
                    first.clone(),
                    first,
                    hour,
                    minute,
                    second,
                    micro,
                    None,
                ])
            }
        }
    }

    fn make(&self, args: &[Value]) -> Result<Value, Error> {
        let given = self.fields(args)?;
        let number = |index: usize| {
            let value = given[index].as_ref().filter(|value| !value.is_undefined());
            match value {
                Some(value) => value.as_i64().ok_or_else(|| {
                    wrong(format!("the {} is no integer: {}", FIELDS[index], display(value)))
                }),
                None if index < 3 => {
                    Err(fail(Kind::Arguments, format!("`datetime` needs a {}", FIELDS[index])))
                }
                None => Ok(0),
            }
        };
        let out_of_range = |index: usize| wrong(format!("the {} is out of range", FIELDS[index]));
        let small = |index: usize| i8::try_from(number(index)?).map_err(|_| out_of_range(index));
        let year = i16::try_from(number(0)?).map_err(|_| out_of_range(0))?;
        let nanos = number(6)?.saturating_mul(1000);
        let nanos = i32::try_from(nanos).map_err(|_| out_of_range(6))?;
        let date = Date::new(year, small(1)?, small(2)?).map_err(wrong)?;
        let time = Time::new(small(3)?, small(4)?, small(5)?, nanos).map_err(wrong)?;
        let at = date.to_datetime(time);
        let zone = given[7].as_ref().filter(|zone| !zone.is_none() && !zone.is_undefined());
        Ok(Value::from_object(match zone {
            Some(zone) => Zone::of(zone)?.localized(at),
            None => Moment::new(at, self.part),
        }))
    }

    /// A point in time, aware if a zone is given.
    fn at(&self, timestamp: Timestamp, zone: Option<Value>) -> Result<Value, Error> {
        let zone = zone.filter(|zone| !zone.is_none() && !zone.is_undefined());
        let moment = Zone::of(zone.as_ref().unwrap_or(&Value::UNDEFINED))?.moment(timestamp);
        Ok(Value::from_object(match zone {
            Some(_) => moment,
            None => Moment::new(moment.at, self.part),
        }))
    }

    fn parsed(&self, text: &str, format: &str) -> Result<Value, Error> {
        let read = jiff_format(format, true).replace("%6f", "%f");
        let parsed = strtime::parse(&read, text)
            .map_err(|error| wrong(format!("`{text}` is not `{format}`: {error}")))?;
        let date = parsed.to_date().unwrap_or(Date::constant(1900, 1, 1));
        let at = parsed
            .to_datetime()
            .unwrap_or_else(|_| date.to_datetime(parsed.to_time().unwrap_or(Time::midnight())));
        Ok(Value::from_object(match parsed.offset() {
            Some(offset) => Zone::fixed(offset).localized(at),
            None => Moment::new(at, self.part),
        }))
    }

    fn iso(&self, text: &str) -> Result<Value, Error> {
        let wrong = |error: jiff::Error| wrong(format!("`{text}` is not a date: {error}"));
        if self.part == Part::Time {
            let time: Time = text.parse().map_err(wrong)?;
            let at = Date::constant(1900, 1, 1).to_datetime(time);
            return Ok(Value::from_object(Moment::new(at, self.part)));
        }
        let pieces = Pieces::parse(text).map_err(wrong)?;
        let at = pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()));
        Ok(Value::from_object(match pieces.to_numeric_offset() {
            Some(offset) if self.part == Part::DateTime => Zone::fixed(offset).localized(at),
            _ => Moment::new(at, self.part),
        }))
    }
}

impl Object for Class {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = match key.as_str()? {
            "min" => DateTime::constant(1, 1, 1, 0, 0, 0, 0),
            "max" => DateTime::constant(9999, 12, 31, 23, 59, 59, 999_999_000),
            _ => return None,
        };
        Some(Value::from_object(Moment::new(at, self.part)))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.make(args)
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "now" => {
                let [zone] = bind(method, ["tz"], args)?.0;
                self.at(self.now, zone)
            }
            "utcnow" | "today" => self.at(self.now, None),
            "strptime" => {
                let [text, format] =
                    bind(method, ["date_string", "format"], args)?.required(method)?;
                self.parsed(&display(&text), &display(&format))
            }
            "fromisoformat" => {
                let [text] = bind(method, ["date_string"], args)?.required(method)?;
                self.iso(&display(&text))
            }
            "fromtimestamp" | "utcfromtimestamp" => {
                let [seconds, zone] = bind(method, ["timestamp", "tz"], args)?.0;
                let seconds = f64::try_from(seconds.unwrap_or_default())?;
                let since = SignedDuration::try_from_secs_f64(seconds).map_err(wrong)?;
                let timestamp = Timestamp::UNIX_EPOCH.checked_add(since).map_err(wrong)?;
                self.at(timestamp, zone)
            }
            "fromordinal" => {
                let [days] = bind(method, ["ordinal"], args)?.required(method)?;
                let days = days.as_i64().unwrap_or(0).saturating_sub(1);
                let hours = SignedDuration::from_hours(days.clamp(-1, 4_000_000) * 24);
                let date = Date::constant(1, 1, 1).checked_add(hours).map_err(wrong)?;
                let at = date.to_datetime(Time::midnight());
                Ok(Value::from_object(Moment::new(at, self.part)))
            }
            "combine" => {
                let [date, time] = bind(method, ["date", "time"], args)?.required(method)?;
                let part = |value: &Value| value.downcast_object::<Moment>();
                let (Some(date), Some(time)) = (part(&date), part(&time)) else {
                    return Err(fail(Kind::Arguments, "`combine` takes a date and a time"));
                };
                let at = date.at.date().to_datetime(time.at.time());
                Ok(Value::from_object(Moment::new(at, Part::DateTime)))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
