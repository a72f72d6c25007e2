//! Microbatches: which intervals of time a model is built in, one transaction each.
//!
//! | run | first interval | last interval |
//! | --- | --- | --- |
//! | first, `--full-refresh` | the one that holds `begin` | the one that holds now |
//! | later | `lookback` before the last | the one that holds now |
//! | with a window | the one that holds its start | the one that holds its last moment |
//!
//! All as dbt does it, in UTC. An interval holds its start and not its end.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

/// How long the intervals are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchSize {
    /// Hours.
    Hour,
    /// Days.
    Day,
    /// Months.
    Month,
    /// Years.
    Year,
}

impl BatchSize {
    /// The names that users may write.
    pub const NAMES: [&'static str; 4] = ["hour", "day", "month", "year"];

    const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Year];

    /// The size called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .zip(Self::NAMES)
            .find(|(_, known)| *known == name)
            .map(|(size, _)| size)
    }

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The start of the interval that holds `at`.
    pub fn floor(self, at: Timestamp) -> Timestamp {
        let at = civil(at);
        let date = match self {
            Self::Hour | Self::Day => at.date(),
            Self::Month => at.date().first_of_month(),
            Self::Year => at.date().first_of_year(),
        };
        let hour = if self == Self::Hour { at.hour() } else { 0 };
        instant(date.at(hour, 0, 0, 0))
    }

    /// The first start of an interval that is not before `at`.
    pub fn ceiling(self, at: Timestamp) -> Timestamp {
        let floor = self.floor(at);
        if floor == at { at } else { self.moved(floor, 1) }
    }

    /// The start of the interval `count` after the one that holds `at`.
    pub fn moved(self, at: Timestamp, count: i64) -> Timestamp {
        let span = match self {
            Self::Hour => Span::new().try_hours(count),
            Self::Day => Span::new().try_days(count),
            Self::Month => Span::new().try_months(count),
            Self::Year => Span::new().try_years(count),
        };
        // Past the ends of the calendar there is nothing to load.
        let floor = civil(self.floor(at));
        let span = span.unwrap_or_else(|_| 0.days());
        instant(floor.saturating_add(span))
    }
}

fn civil(at: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(at)
}

fn instant(at: DateTime) -> Timestamp {
    TimeZone::UTC.to_timestamp(at).unwrap_or(Timestamp::MAX)
}

/// How a model is built in intervals of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Microbatch {
    /// The column of the model that says when a row happened.
    pub event_time: String,
    /// Where the first run begins.
    pub begin: Timestamp,
    /// How long the intervals are.
    pub batch_size: BatchSize,
    /// How many intervals before the current one are built again.
    pub lookback: u32,
}

/// The times that `--event-time-start` and `--event-time-end` give, the end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTimeWindow {
    /// The first moment.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
}

/// One interval that is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment after it.
    pub end: Timestamp,
    /// What it is named by.
    pub size: BatchSize,
}

impl Batch {
    /// Its name in files and messages: `2024-09-17`, `2024-09-17T16`.
    pub fn name(&self) -> String {
        let form = match self.size {
            BatchSize::Hour => "%Y-%m-%dT%H",
            BatchSize::Day => "%Y-%m-%d",
            BatchSize::Month => "%Y-%m",
            BatchSize::Year => "%Y",
        };
        self.start.strftime(form).to_string()
    }

    /// Its name without dashes, which templates see.
    pub fn id(&self) -> String {
        self.name().replace('-', "")
    }

    /// A moment as it stands in SQL: `2024-09-17 16:00:00+00:00`.
    pub fn literal(at: Timestamp) -> String {
        at.strftime("%Y-%m-%d %H:%M:%S+00:00").to_string()
    }
}

impl Microbatch {
    /// The intervals of a run, oldest first; at least one. `rows_stay` is false for a first run.
    pub fn batches(
        &self,
        window: Option<EventTimeWindow>,
        rows_stay: bool,
        now: Timestamp,
    ) -> Vec<Batch> {
        let size = self.batch_size;
        let end = size.ceiling(window.map_or(now, |window| window.end));
        let mut start = match window {
            Some(window) => size.floor(window.start),
            None if !rows_stay => size.floor(self.begin),
            // The end is the start of the next interval.
            None => size.moved(end, -i64::from(self.lookback) - 1),
        };
        let mut batches = Vec::new();
        loop {
            let next = size.moved(start, 1);
            if next >= end || next <= start {
                batches.push(Batch { start, end: end.max(start), size });
                return batches;
            }
            batches.push(Batch { start, end: next, size });
            start = next;
        }
    }

    /// What is shown where nothing runs: the window as one interval, or the one that holds `now`.
    pub fn current(&self, window: Option<EventTimeWindow>, now: Timestamp) -> Batch {
        let size = self.batch_size;
        match window {
            Some(window) => {
                Batch { start: size.floor(window.start), end: size.ceiling(window.end), size }
            }
            None => Batch { start: size.floor(now), end: size.moved(now, 1), size },
        }
    }
}

/// Reads an ISO date or time; without an offset it is in UTC.
pub fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    let at = text.parse::<DateTime>().ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        moment(text).unwrap()
    }

    fn model(size: BatchSize, lookback: u32) -> Microbatch {
        Microbatch {
            event_time: "at".to_owned(),
            begin: at("2024-01-15T10:30:00"),
            batch_size: size,
            lookback,
        }
    }

    fn names(batches: &[Batch]) -> Vec<String> {
        batches.iter().map(Batch::name).collect()
    }

    #[test]
    fn intervals_floor_and_ceil_as_dbt_says() {
        for (size, floor, ceiling, before) in [
            (BatchSize::Hour, "2024-09-17T16:00", "2024-09-17T17:00", "2024-09-17T15:00"),
            (BatchSize::Day, "2024-09-17", "2024-09-18", "2024-09-16"),
            (BatchSize::Month, "2024-09-01", "2024-10-01", "2024-08-01"),
            (BatchSize::Year, "2024-01-01", "2025-01-01", "2023-01-01"),
        ] {
            let moment = at("2024-09-17T16:06:00");
            assert_eq!(size.floor(moment), at(floor));
            assert_eq!(size.ceiling(moment), at(ceiling));
            assert_eq!(size.ceiling(at(floor)), at(floor));
            assert_eq!(size.moved(moment, -1), at(before));
        }
    }

    #[test]
    fn a_first_run_begins_at_begin_and_a_later_one_looks_back() {
        let model = model(BatchSize::Day, 1);
        let now = at("2024-01-18T09:00:00");
        let first = model.batches(None, false, now);
        assert_eq!(names(&first), ["2024-01-15", "2024-01-16", "2024-01-17", "2024-01-18"]);
        assert_eq!(first[3].end, at("2024-01-19"));
        assert_eq!(names(&model.batches(None, true, now)), ["2024-01-17", "2024-01-18"]);
        // On the line between two days the current one is the day that has just ended.
        assert_eq!(
            names(&model.batches(None, true, at("2024-01-18"))),
            ["2024-01-16", "2024-01-17"]
        );
    }

    #[test]
    fn a_window_is_widened_to_whole_intervals() {
        let model = model(BatchSize::Hour, 3);
        let window =
            EventTimeWindow { start: at("2024-01-15T23:30:00"), end: at("2024-01-16T01:00:00") };
        let batches = model.batches(Some(window), true, at("2030-01-01"));
        assert_eq!(names(&batches), ["2024-01-15T23", "2024-01-16T00"]);
        assert_eq!(model.current(Some(window), at("2030-01-01")).end, at("2024-01-16T01:00:00"));
    }

    #[test]
    fn a_begin_in_the_future_gives_one_empty_interval() {
        let batches = model(BatchSize::Year, 0).batches(None, false, at("2020-05-01"));
        assert_eq!(names(&batches), ["2024"]);
        assert_eq!(batches[0].start, batches[0].end);
    }

    #[test]
    fn times_are_iso_and_in_utc() {
        assert_eq!(at("2024-01-01"), at("2024-01-01T00:00:00Z"));
        assert_eq!(at("2024-01-01 02:00:00+02:00"), at("2024-01-01"));
        assert_eq!(moment("01/02/2024"), None);
    }
}
