//! `datetime.timedelta`: a length of time.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::SignedDuration;
use minijinja::value::{DynObject, Object, ObjectRepr, Value};
use minijinja::{Error, ErrorKind, State};

use super::{minus, plus, wrong};
use crate::template::signature::bind;

/// `datetime.timedelta`
#[derive(Debug)]
pub(crate) struct DeltaClass;

impl Object for DeltaClass {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let names =
            ["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"];
        let scales =
            [86_400_000_000, 1_000_000, 1, 1_000, 60_000_000, 3_600_000_000, 604_800_000_000];
        let mut delta = Some(SignedDuration::ZERO);
        for (value, scale) in bind("timedelta", names, args)?.0.into_iter().zip(scales) {
            let Some(value) = value else { continue };
            let part = if let Some(number) = value.as_i64().filter(|_| value.is_integer()) {
                number.checked_mul(scale).map(SignedDuration::from_micros)
            } else {
                #[allow(clippy::cast_precision_loss, reason = "the scales are small")]
                let seconds = f64::try_from(value)? * scale as f64 / 1e6;
                Some(SignedDuration::try_from_secs_f64(seconds).map_err(wrong)?)
            };
            delta = delta.zip(part).and_then(|(delta, part)| delta.checked_add(part));
        }
        Delta::value(delta)
    }
}

/// A length of time.
#[derive(Debug)]
pub(crate) struct Delta(pub SignedDuration);

impl Delta {
    /// A length of time that may be too long to be one.
    pub(crate) fn value(delta: Option<SignedDuration>) -> Result<Value, Error> {
        let delta = delta.ok_or_else(|| wrong("the length of time is out of range"))?;
        Ok(Value::from_object(Delta(delta)))
    }

    /// Days, the seconds of the day and its microseconds; only the days are negative, as in Python.
    fn parts(&self) -> (i64, i64, i128) {
        let micros = self.0.as_micros();
        let seconds = i64::try_from(micros.div_euclid(1_000_000)).unwrap_or(i64::MAX);
        (seconds.div_euclid(86_400), seconds.rem_euclid(86_400), micros.rem_euclid(1_000_000))
    }

    /// The whole days, which is all that moves a date.
    pub(crate) fn whole_days(delta: SignedDuration) -> i64 {
        Delta(delta).parts().0
    }
}

impl Object for Delta {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let (days, seconds, micros) = self.parts();
        Some(match key.as_str()? {
            "days" => Value::from(days),
            "seconds" => Value::from(seconds),
            "microseconds" => Value::from(i64::try_from(micros).unwrap_or_default()),
            _ => return None,
        })
    }

    fn call_method(
        self: &Arc<Self>,
        _state: &mut State<'_, '_>,
        method: &str,
        args: &[Value],
    ) -> Result<Value, Error> {
        match method {
            "total_seconds" => Ok(Value::from(self.0.as_secs_f64())),
            "__add__" | "__sub__" => {
                let [other] = bind(method, ["other"], args)?.required(method)?;
                let this = Value::from_dyn_object(Arc::clone(self));
                let result =
                    if method == "__add__" { plus(&this, &other) } else { minus(&this, &other) };
                result.unwrap_or_else(|| Err(wrong("only lengths of time can be added to one")))
            }
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        }
    }

    fn is_true(self: &Arc<Self>) -> bool {
        !self.0.is_zero()
    }

    fn custom_cmp(self: &Arc<Self>, other: &DynObject) -> Option<Ordering> {
        Some(self.0.cmp(&other.downcast_ref::<Delta>()?.0))
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest, micros) = self.parts();
        if days != 0 {
            write!(f, "{days} day{}, ", if days.abs() == 1 { "" } else { "s" })?;
        }
        write!(f, "{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)?;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        Ok(())
    }
}
