//! A datetime, a date or a time.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, ToSpan, tz};
use minijinja::value::{DynObject, Object, ObjectRepr, Tuple, Value};
use minijinja::{Error, ErrorKind, State};

use super::delta::Delta;
use super::zone::Zone;
use super::{minus, plus, wrong};
use crate::template::signature::{Arguments, bind};
use crate::template::value::display;

/// Which of Python's classes a moment is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    DateTime,
    Date,
    Time,
}

/// A datetime, a date at midnight, or a time of a day of no meaning.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// What the clock shows.
    pub at: DateTime,
    pub part: Part,
    /// For an aware datetime its zone, and how far its clocks are from UTC.
    pub zone: Option<(Zone, Offset)>,
}

impl Moment {
    pub(crate) fn new(at: DateTime, part: Part) -> Self {
        let at = match part {
            Part::DateTime => at,
            Part::Date => at.date().to_datetime(Time::midnight()),
            Part::Time => Date::constant(1900, 1, 1).to_datetime(at.time()),
        };
        Moment { at, part, zone: None }
    }

    /// The point in time; one without a zone is taken to be in UTC, so that no machine's own zone counts.
    pub(crate) fn timestamp(&self) -> Result<Timestamp, Error> {
        let offset = self.zone.as_ref().map_or(Offset::UTC, |(_, offset)| *offset);
        offset.to_timestamp(self.at).map_err(wrong)
    }

    /// Later by a length of time. The offset stays, also where the clocks of the zone would change.
    pub(crate) fn moved(&self, delta: SignedDuration) -> Result<Value, Error> {
        let at = if self.part == Part::Date {
            self.at.checked_add(Delta::whole_days(delta).days())
        } else {
            self.at.checked_add(delta)
        };
        Ok(Value::from_object(Moment { at: at.map_err(wrong)?, ..self.clone() }))
    }

    /// How long it is since another moment.
    pub(crate) fn since(&self, other: &Moment) -> Result<Value, Error> {
        if self.part != other.part || self.part == Part::Time {
            return Err(wrong("only two dates or two datetimes can be subtracted"));
        }
        match (&self.zone, &other.zone) {
            (None, None) => Delta::value(Some(self.at.duration_since(other.at))),
            (Some(_), Some(_)) => {
                let since = self.timestamp()?.duration_since(other.timestamp()?);
                Delta::value(Some(since))
            }
            _ => Err(wrong("a datetime with a time zone and one without cannot be subtracted")),
        }
    }

    fn text(&self, separator: char) -> String {
        let date = self.at.date().to_string();
        let micros = self.at.subsec_nanosecond() / 1000;
        let mut time =
            format!("{:02}:{:02}:{:02}", self.at.hour(), self.at.minute(), self.at.second());
        if micros != 0 {
            time.push_str(&format!(".{micros:06}"));
        }
        let offset = self.zone.as_ref().map(|(_, offset)| offset_text(*offset));
        match self.part {
            Part::Date => date,
            Part::Time => time,
            Part::DateTime => format!("{date}{separator}{time}{}", offset.unwrap_or_default()),
        }
    }

    fn formatted(&self, format: &str) -> Result<String, Error> {
        let format = jiff_format(format, self.zone.is_some());
        let text = match &self.zone {
            Some((zone, offset)) => {
                jiff::fmt::strtime::format(&format, &zone.zoned(self.timestamp()?, *offset))
            }
            None => self
                .at
                .to_zoned(tz::TimeZone::UTC)
                .and_then(|zoned| jiff::fmt::strtime::format(&format, &zoned)),
        };
        text.map_err(wrong)
    }

    fn replaced(&self, args: &[Value]) -> Result<Value, Error> {
        let arguments = Arguments::new(args)?;
        let units: &[&str] = match self.part {
            Part::Time => &["hour", "minute", "second", "microsecond", "tzinfo"],
            Part::Date => &["year", "month", "day"],
            Part::DateTime => {
                &["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"]
            }
        };
        let positional = units.iter().copied().zip(arguments.positional.iter().cloned());
        let named = arguments.named.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let mut at = self.at.with();
        let mut zone = self.zone.clone().map(|(zone, _)| zone);
        for (name, value) in positional.chain(named) {
            if name == "tzinfo" {
                zone = if value.is_none() { None } else { Some(Zone::of(&value)?) };
                continue;
            }
            let number = value.as_i64().unwrap_or(-1);
            let small = i8::try_from(number).map_err(wrong);
            at = match name {
                "year" => at.year(i16::try_from(number).map_err(wrong)?),
                "month" => at.month(small?),
                "day" => at.day(small?),
                "hour" => at.hour(small?),
                "minute" => at.minute(small?),
                "second" => at.second(small?),
                "microsecond" => {
                    at.subsec_nanosecond(i32::try_from(number.saturating_mul(1000)).map_err(wrong)?)
                }
                _ => return Err(wrong(format!("`replace` has no argument `{name}`"))),
            };
        }
        let at = at.build().map_err(wrong)?;
        Ok(Value::from_object(match zone {
            Some(zone) => zone.localized(at),
            None => Moment { at, part: self.part, zone: None },
        }))
    }
}

/// `+02:00`
pub(crate) fn offset_text(offset: Offset) -> String {
    let sign = if offset.seconds() < 0 { '-' } else { '+' };
    let seconds = offset.seconds().abs();
    let mut text = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        text.push_str(&format!(":{:02}", seconds % 60));
    }
    text
}

/// A format of Python as jiff spells it; what is about the zone is left out if there is none.
pub(super) fn jiff_format(format: &str, with_zone: bool) -> String {
    let mut result = String::with_capacity(format.len());
    let mut chars = format.chars();
    while let Some(char) = chars.next() {
        if char != '%' {
            result.push(char);
            continue;
        }
        match chars.next() {
            Some('f') => result.push_str("%6f"),
            Some('c') => result.push_str("%a %b %e %H:%M:%S %Y"),
            Some('x') => result.push_str("%m/%d/%y"),
            Some('X') => result.push_str("%H:%M:%S"),
            Some('z' | 'Z') if !with_zone => {}
            Some(directive) => result.extend(['%', directive]),
            None => result.push_str("%%"),
        }
    }
    result
}

impl Object for Moment {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        let of_clock = ["hour", "minute", "second", "microsecond", "tzinfo"].contains(&key);
        let of_calendar = ["year", "month", "day"].contains(&key);
        if of_clock && self.part == Part::Date || of_calendar && self.part == Part::Time {
            return None;
        }
        Some(match key {
            "year" => Value::from(self.at.year()),
            "month" => Value::from(self.at.month()),
            "day" => Value::from(self.at.day()),
            "hour" => Value::from(self.at.hour()),
            "minute" => Value::from(self.at.minute()),
            "second" => Value::from(self.at.second()),
            "microsecond" => Value::from(self.at.subsec_nanosecond() / 1000),
            "tzinfo" => match &self.zone {
                Some((zone, _)) => Value::from_object(zone.clone()),
                None => Value::from(()),
            },
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let part = |part| Ok(Value::from_object(Moment::new(self.at, part)));
        match method {
            "strftime" => {
                let [format] = bind(method, ["format"], args)?.required(method)?;
                self.formatted(&display(&format)).map(Value::from)
            }
            "isoformat" => {
                let separator = args.first().map(display).and_then(|sep| sep.chars().next());
                Ok(Value::from(self.text(separator.unwrap_or('T'))))
            }
            "ctime" => self.formatted("%c").map(Value::from),
            "date" => part(Part::Date),
            "time" => part(Part::Time),
            "astimezone" => {
                let [zone] = bind(method, ["tz"], args)?.0;
                let zone = Zone::of(&zone.unwrap_or_default())?;
                Ok(Value::from_object(zone.moment(self.timestamp()?)))
            }
            "utcoffset" => match &self.zone {
                Some((_, offset)) => {
                    Delta::value(Some(SignedDuration::from_secs(i64::from(offset.seconds()))))
                }
                None => Ok(Value::from(())),
            },
            "tzname" if self.zone.is_some() => self.formatted("%Z").map(Value::from),
            "tzname" => Ok(Value::from(())),
            "timestamp" => Ok(Value::from(self.timestamp()?.as_duration().as_secs_f64())),
            "weekday" => Ok(Value::from(self.at.weekday().to_monday_zero_offset())),
            "isoweekday" => Ok(Value::from(self.at.weekday().to_monday_one_offset())),
            "isocalendar" => {
                let week = self.at.date().iso_week_date();
                let weekday = week.weekday().to_monday_one_offset();
                let parts =
                    [Value::from(week.year()), Value::from(week.week()), Value::from(weekday)];
                Ok(Value::from(Tuple::from(parts)))
            }
            "toordinal" => {
                let days = self.at.date().duration_since(Date::constant(1, 1, 1)).as_hours() / 24;
                Ok(Value::from(days + 1))
            }
            "replace" => self.replaced(args),
            "__add__" | "__sub__" => {
                let [other] = bind(method, ["other"], args)?.required(method)?;
                let this = Value::from_dyn_object(Arc::clone(self));
                let result =
                    if method == "__add__" { plus(&this, &other) } else { minus(&this, &other) };
                result.unwrap_or_else(|| Err(wrong("only a timedelta can be added to a datetime")))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        let other = other.downcast_ref::<Moment>()?;
        let order = match (&self.zone, &other.zone) {
            (Some((_, one)), Some((_, two))) if one != two => {
                self.timestamp().ok()?.cmp(&other.timestamp().ok()?)
            }
            _ => self.at.cmp(&other.at),
        };
        Some(order)
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(' '))
    }
}
