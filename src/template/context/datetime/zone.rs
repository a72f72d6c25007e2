//! Time zones: `modules.pytz` and what its `timezone` gives.

use std::fmt;
use std::sync::Arc;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, tz};
use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::moment::{Moment, Part};
use super::wrong;
use crate::template::error::{Kind, fail, fail_with_help};
use crate::template::signature::bind;
use crate::template::suggest::nearest;
use crate::template::value::display;

/// A time zone.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    pub(crate) fn utc() -> Self {
        Zone(TimeZone::UTC)
    }

    pub(crate) fn fixed(offset: Offset) -> Self {
        Zone(TimeZone::fixed(offset))
    }

    /// The zone of an IANA name: of the data that is built in, if there is any, else of the system's.
    fn named(name: &str) -> Result<Self, Error> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Zone::utc());
        }
        let found = TimeZoneDatabase::bundled().get(name).or_else(|_| tz::db().get(name));
        found.map(Zone).map_err(|_| {
            let known: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
            let message = format!("there is no time zone `{name}`");
            if known.is_empty() {
                return fail_with_help(
                    Kind::Value,
                    message,
                    "this machine has no data on time zones: install the package `tzdata`",
                );
            }
            match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => {
                    fail_with_help(Kind::Value, message, format!("did you mean `{near}`?"))
                }
                None => fail(Kind::Value, message),
            }
        })
    }

    /// The zone that an argument is: none is UTC.
    pub(crate) fn of(value: &Value) -> Result<Self, Error> {
        if value.is_none() || value.is_undefined() {
            return Ok(Zone::utc());
        }
        let zone = value.downcast_object_ref::<Zone>().cloned();
        zone.ok_or_else(|| fail(Kind::Arguments, format!("{} is no time zone", display(value))))
    }

    /// A point in time as the clocks of this zone show it.
    pub(crate) fn moment(&self, timestamp: Timestamp) -> Moment {
        let offset = self.0.to_offset(timestamp);
        let at = offset.to_datetime(timestamp);
        Moment { at, part: Part::DateTime, zone: Some((self.clone(), offset)) }
    }

    /// What the clocks show as a moment. As pytz does, an hour that comes twice or never is taken as winter time.
    pub(crate) fn localized(&self, at: DateTime) -> Moment {
        let offset = match self.0.to_ambiguous_timestamp(at).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } => before,
            AmbiguousOffset::Fold { after, .. } => after,
        };
        Moment { at, part: Part::DateTime, zone: Some((self.clone(), offset)) }
    }

    /// For formatting: a moment of this zone, or of its offset alone where the clocks would not show that.
    pub(crate) fn zoned(&self, timestamp: Timestamp, offset: Offset) -> jiff::Zoned {
        let zoned = timestamp.to_zoned(self.0.clone());
        if zoned.offset() == offset { zoned } else { timestamp.to_zoned(TimeZone::fixed(offset)) }
    }
}

impl Object for Zone {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "zone").then(|| Value::from(self.0.iana_name().unwrap_or("UTC")))
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        let moment = |value: &Value| {
            let wanted = || fail(Kind::Arguments, format!("`{method}` takes a datetime"));
            value.downcast_object::<Moment>().ok_or_else(wanted)
        };
        match method {
            "localize" => {
                let [at, _is_dst] = bind(method, ["dt", "is_dst"], args)?.0;
                let at = moment(&at.unwrap_or_default())?;
                if at.zone.is_some() {
                    return Err(wrong("the datetime has a time zone already"));
                }
                Ok(Value::from_object(self.localized(at.at)))
            }
            "normalize" => {
                let [at] = bind(method, ["dt"], args)?.required(method)?;
                Ok(Value::from_object(self.moment(moment(&at)?.timestamp()?)))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_fixed_offset() {
            Ok(offset) if self.0.iana_name().is_none() && offset != Offset::UTC => {
                write!(f, "UTC{}", super::moment::offset_text(offset))
            }
            _ => f.write_str(self.0.iana_name().unwrap_or("UTC")),
        }
    }
}

/// `modules.pytz`
#[derive(Debug)]
pub(crate) struct Pytz;

impl Object for Pytz {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        matches!(key.as_str()?, "utc" | "UTC").then(|| Value::from_object(Zone::utc()))
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "timezone" => {
                let [name] = bind(method, ["zone"], args)?.required(method)?;
                Zone::named(&display(&name)).map(Value::from_object)
            }
            "FixedOffset" => {
                let [minutes] = bind(method, ["minutes"], args)?.required(method)?;
                let seconds = minutes.as_i64().and_then(|minutes| minutes.checked_mul(60));
                let seconds = seconds.and_then(|seconds| i32::try_from(seconds).ok());
                let offset = Offset::from_seconds(seconds.unwrap_or(i32::MAX)).map_err(wrong)?;
                Ok(Value::from_object(Zone::fixed(offset)))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }
}
