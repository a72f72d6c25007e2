//! `modules.datetime`: Python's date and time as far as templates use it. All times are naive or UTC.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp, tz};
use minijinja::value::{DynObject, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use crate::template::error::{Kind, fail};
use crate::template::signature::{Arguments, bind};
use crate::template::value::display;

/// A timestamp as an aware datetime in UTC.
pub(crate) fn value(timestamp: Timestamp) -> Value {
    let at = tz::Offset::UTC.to_datetime(timestamp);
    Value::from_object(Moment { at, part: Part::Aware })
}

/// The module `datetime`.
pub(crate) fn module(now: Timestamp) -> Value {
    Value::from_pairs([
        ("datetime", Value::from_object(Class { part: Part::Naive, now })),
        ("date", Value::from_object(Class { part: Part::Date, now })),
        ("time", Value::from_object(Class { part: Part::Time, now })),
        ("timedelta", Value::from_object(DeltaClass)),
        ("timezone", Value::from_pairs([("utc", super::modules::utc())])),
        ("UTC", super::modules::utc()),
    ])
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Naive,
    Aware,
    Date,
    Time,
}

fn wrong(error: impl fmt::Display) -> Error {
    fail(Kind::Value, error.to_string())
}

/// `datetime.datetime`, `datetime.date` or `datetime.time`.
#[derive(Debug)]
struct Class {
    part: Part,
    now: Timestamp,
}

impl Class {
    fn make(&self, args: &[Value]) -> Result<Value, Error> {
        let names = ["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"];
        let given = if self.part == Part::Time {
            let [hour, minute, second, micro] =
                bind("time", ["hour", "minute", "second", "microsecond"], args)?.0;
            [None, None, None, hour, minute, second, micro, None]
        } else {
            bind("datetime", names, args)?.0
        };
        let field = |index: usize, default: i64| {
            let value = given[index].as_ref().and_then(Value::as_i64).unwrap_or(default);
            i16::try_from(value)
                .map_err(|_| fail(Kind::Value, format!("{} out of range", names[index])))
        };
        let small = |index, default| {
            let value = field(index, default)?;
            i8::try_from(value)
                .map_err(|_| fail(Kind::Value, format!("{} out of range", names[index])))
        };
        let micros = given[6].as_ref().and_then(Value::as_i64).unwrap_or(0);
        let nanos = i32::try_from(micros.saturating_mul(1000)).map_err(wrong)?;
        let date = Date::new(field(0, 1900)?, small(1, 1)?, small(2, 1)?).map_err(wrong)?;
        let time = Time::new(small(3, 0)?, small(4, 0)?, small(5, 0)?, nanos).map_err(wrong)?;
        let aware = given[7].as_ref().is_some_and(|zone| !zone.is_none());
        let part = if aware { Part::Aware } else { self.part };
        Ok(Value::from_object(Moment { at: date.to_datetime(time), part }))
    }

    fn now(&self, aware: bool) -> Value {
        let at = tz::Offset::UTC.to_datetime(self.now);
        let part = if aware { Part::Aware } else { Part::Naive };
        Value::from_object(Moment { at, part })
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
        Some(Value::from_object(Moment { at, part: self.part }))
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
        let text = |index: usize| args.get(index).map(display).unwrap_or_default();
        match method {
            "now" => Ok(self.now(!args.is_empty())),
            "utcnow" => Ok(self.now(false)),
            "today" => {
                let at = tz::Offset::UTC.to_datetime(self.now);
                Ok(Value::from_object(Moment { at, part: self.part }))
            }
            "strptime" => {
                let (text, format) = (text(0), text(1));
                let parsed =
                    jiff::fmt::strtime::parse(python_format(&format), &text).map_err(|error| {
                        fail(Kind::Value, format!("`{text}` is not `{format}`: {error}"))
                    })?;
                let midnight = Time::midnight();
                let at = parsed.to_datetime().or_else(|_| {
                    let date = parsed.to_date().unwrap_or(Date::constant(1900, 1, 1));
                    Ok(date.to_datetime(parsed.to_time().unwrap_or(midnight)))
                });
                at.map(|at| Value::from_object(Moment { at, part: Part::Naive }))
                    .map_err(|error: jiff::Error| wrong(error))
            }
            "fromisoformat" => {
                let text = text(0).replace(' ', "T");
                let aware = text.ends_with('Z') || text.ends_with("+00:00");
                let bare = text.trim_end_matches('Z').trim_end_matches("+00:00");
                let at: DateTime = bare.parse().map_err(wrong)?;
                let part = if aware { Part::Aware } else { self.part };
                Ok(Value::from_object(Moment { at, part }))
            }
            "fromtimestamp" | "utcfromtimestamp" => {
                let seconds = args.first().cloned().map(f64::try_from).transpose()?.unwrap_or(0.0);
                let since = SignedDuration::try_from_secs_f64(seconds).map_err(wrong)?;
                let at =
                    DateTime::constant(1970, 1, 1, 0, 0, 0, 0).checked_add(since).map_err(wrong)?;
                Ok(Value::from_object(Moment { at, part: self.part }))
            }
            "combine" => {
                let part =
                    |index: usize| args.get(index).and_then(|v| v.downcast_object_ref::<Moment>());
                let (Some(date), Some(time)) = (part(0), part(1)) else {
                    return Err(fail(Kind::Arguments, "`combine` takes a date and a time"));
                };
                let at = date.at.date().to_datetime(time.at.time());
                Ok(Value::from_object(Moment { at, part: Part::Naive }))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}

/// A datetime, a date or a time.
#[derive(Debug, Clone, Copy)]
struct Moment {
    at: DateTime,
    part: Part,
}

impl Moment {
    fn text(&self, separator: char) -> String {
        let date = self.at.date().to_string();
        let micros = self.at.subsec_nanosecond() / 1000;
        let mut time =
            format!("{:02}:{:02}:{:02}", self.at.hour(), self.at.minute(), self.at.second());
        if micros != 0 {
            time.push_str(&format!(".{micros:06}"));
        }
        match self.part {
            Part::Date => date,
            Part::Time => time,
            Part::Naive => format!("{date}{separator}{time}"),
            Part::Aware => format!("{date}{separator}{time}+00:00"),
        }
    }

    fn moved(self, delta: SignedDuration) -> Result<Value, Error> {
        let at = self.at.checked_add(delta).map_err(wrong)?;
        Ok(Value::from_object(Moment { at, ..self }))
    }

    fn replaced(self, args: &[Value]) -> Result<Value, Error> {
        let mut at = self.at.with();
        let mut part = self.part;
        for (name, value) in Arguments::new(args)?.named {
            if name == "tzinfo" {
                part = if value.is_none() { Part::Naive } else { Part::Aware };
                continue;
            }
            let number = value.as_i64().unwrap_or(-1);
            let small = i8::try_from(number).map_err(wrong);
            at = match name.as_str() {
                "year" => at.year(i16::try_from(number).map_err(wrong)?),
                "month" => at.month(small?),
                "day" => at.day(small?),
                "hour" => at.hour(small?),
                "minute" => at.minute(small?),
                "second" => at.second(small?),
                _ => {
                    at.subsec_nanosecond(i32::try_from(number.saturating_mul(1000)).map_err(wrong)?)
                }
            };
        }
        Ok(Value::from_object(Moment { at: at.build().map_err(wrong)?, part }))
    }
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(match key.as_str()? {
            "year" => Value::from(self.at.year()),
            "month" => Value::from(self.at.month()),
            "day" => Value::from(self.at.day()),
            "hour" => Value::from(self.at.hour()),
            "minute" => Value::from(self.at.minute()),
            "second" => Value::from(self.at.second()),
            "microsecond" => Value::from(self.at.subsec_nanosecond() / 1000),
            "tzinfo" if self.part == Part::Aware => super::modules::utc(),
            "tzinfo" => Value::from(()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let moment = |part| Ok(Value::from_object(Moment { at: self.at, part }));
        match method {
            "strftime" => {
                let [format] = bind(method, ["format"], args)?.required(method)?;
                let zoned = self.at.to_zoned(tz::TimeZone::UTC).map_err(wrong)?;
                let format = python_format(&display(&format));
                let format = if self.part == Part::Aware {
                    format
                } else {
                    format.replace("%z", "").replace("%Z", "")
                };
                jiff::fmt::strtime::format(&format, &zoned).map(Value::from).map_err(wrong)
            }
            "isoformat" => {
                let separator = args.first().map(display).and_then(|sep| sep.chars().next());
                Ok(Value::from(self.text(separator.unwrap_or('T'))))
            }
            "date" => moment(Part::Date),
            "time" => moment(Part::Time),
            "astimezone" => moment(Part::Aware),
            "timestamp" => {
                let since = self.at.to_zoned(tz::TimeZone::UTC).map_err(wrong)?.timestamp();
                Ok(Value::from(since.as_duration().as_secs_f64()))
            }
            "weekday" => Ok(Value::from(self.at.weekday().to_monday_zero_offset())),
            "isoweekday" => Ok(Value::from(self.at.weekday().to_monday_one_offset())),
            "toordinal" => {
                let days = self.at.date().duration_since(Date::constant(1, 1, 1)).as_hours() / 24;
                Ok(Value::from(days + 1))
            }
            "replace" => self.replaced(args),
            // operators on objects are beyond the engine: `a + b` and `a - b` by their Python names
            "__add__" | "__sub__" => {
                let [other] = bind(method, ["other"], args)?.required(method)?;
                if let Some(delta) = other.downcast_object_ref::<Delta>() {
                    return self.moved(if method == "__add__" { delta.0 } else { -delta.0 });
                }
                match other.downcast_object_ref::<Moment>() {
                    Some(other) => Ok(Value::from_object(Delta(self.at.duration_since(other.at)))),
                    None => Err(fail(Kind::Value, "only a timedelta can be added to a datetime")),
                }
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.at.cmp(&other.downcast_ref::<Moment>()?.at))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(' '))
    }
}

/// Python's directives that jiff spells otherwise.
fn python_format(format: &str) -> String {
    format.replace("%f", "%6f")
}

/// `datetime.timedelta`
#[derive(Debug)]
struct DeltaClass;

impl Object for DeltaClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let names =
            ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];
        let scales = [86_400.0, 1.0, 1e-6, 1e-3, 60.0, 3_600.0, 604_800.0];
        let mut seconds = 0.0;
        for (value, scale) in bind("timedelta", names, args)?.0.into_iter().zip(scales) {
            seconds += value.map(f64::try_from).transpose()?.unwrap_or(0.0) * scale;
        }
        let delta = SignedDuration::try_from_secs_f64(seconds).map_err(wrong)?;
        Ok(Value::from_object(Delta(delta)))
    }
}

/// A length of time.
#[derive(Debug)]
struct Delta(SignedDuration);

impl Object for Delta {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let seconds = self.0.as_secs();
        Some(match key.as_str()? {
            "days" => Value::from(seconds.div_euclid(86_400)),
            "seconds" => Value::from(seconds.rem_euclid(86_400)),
            "microseconds" => Value::from(self.0.subsec_micros()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        _args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "total_seconds" => Ok(Value::from(self.0.as_secs_f64())),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast_ref::<Delta>()?.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
    }
}
