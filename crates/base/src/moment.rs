//! Points in time: microseconds since 1970-01-01T00:00:00Z, as they are stored and hashed.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::fmt;

/// A point in time with microsecond steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment(i64);

/// A source of the present moment: the system's clock in production, a set one in tests.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Moment;
}

impl Moment {
    /// The moment `us` microseconds after the epoch.
    pub const fn from_us(us: i64) -> Self {
        Self(us)
    }

    /// Microseconds since the epoch.
    pub const fn us(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The moment `us` microseconds later (earlier if negative); stays at the ends of the range.
    #[must_use]
    pub const fn plus_us(self, us: i64) -> Self {
        Self(self.0.saturating_add(us))
    }

    /// The civil date in Japan (UTC+9, no daylight saving time) at this moment: the day that legal
    /// periods are counted in.
    pub fn date_in_japan(self) -> Date {
        let jst = TimeZone::fixed(jiff::tz::offset(9));
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(jst).date()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_microsecond(self.0) {
            Ok(at) => write!(f, "{at}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_in_japan_begins_at_fifteen_hundred_utc() {
        let before: Timestamp = "2026-03-31T14:59:59.999999Z".parse().unwrap();
        let moment = Moment::from_us(before.as_microsecond());
        assert_eq!(moment.date_in_japan().to_string(), "2026-03-31");
        assert_eq!(moment.plus_us(1).date_in_japan().to_string(), "2026-04-01");
    }

    #[test]
    fn is_shown_as_rfc_3339() {
        assert_eq!(Moment::from_us(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Moment::from_us(i64::MAX).to_string(), format!("{}us", i64::MAX));
    }
}
