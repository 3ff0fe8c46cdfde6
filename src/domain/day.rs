//! Days of the local calendar, and moments as people write them down. Which instant they are is for the server to say:
//! it knows the site's time zone.

use super::time::{MINUTE_MS, TsMs};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A day of the local calendar: days since 1970-01-01. On the wire `YYYY-MM-DD`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = Date))]
#[serde(try_from = "String", into = "String")]
pub struct LocalDay(pub i64);

impl LocalDay {
    /// From when on holds what holds since ever.
    pub const SINCE_EVER: Self = Self(0);

    /// The day of a year, month and day of the month, if the calendar has it.
    #[must_use]
    pub fn new(year: i64, month: i64, day: i64) -> Option<Self> {
        let found = Self(days_from_civil(year, month, day));
        (found.civil() == (year, month, day)).then_some(found)
    }

    /// Reads `YYYY-MM-DD`; `None` for days that do not exist.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |range: std::ops::Range<usize>| number(text.get(range)?);
        let dashes = text.get(4..5)? == "-" && text.get(7..8)? == "-";
        let day = Self::new(digits(0..4)?, digits(5..7)?, digits(8..10)?)?;
        (text.len() == 10 && dashes).then_some(day)
    }

    /// Year, month and day of the month.
    #[must_use]
    pub fn civil(self) -> (i64, i64, i64) {
        civil(self.0)
    }

    /// 0 Monday to 6 Sunday.
    #[must_use]
    pub const fn weekday(self) -> i64 {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7)
    }

    /// The Monday of its week.
    #[must_use]
    pub const fn monday(self) -> Self {
        Self(self.0 - self.weekday())
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// `Monday` to `Sunday`.
    #[must_use]
    pub fn weekday_name(self) -> &'static str {
        match self.weekday() {
            0 => "Monday",
            1 => "Tuesday",
            2 => "Wednesday",
            3 => "Thursday",
            4 => "Friday",
            5 => "Saturday",
            _ => "Sunday",
        }
    }
}

impl fmt::Display for LocalDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (y, m, d) = self.civil();
        write!(f, "{y:04}-{m:02}-{d:02}")
    }
}

impl From<LocalDay> for String {
    fn from(day: LocalDay) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for LocalDay {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("'{text}' is not a day: write it as YYYY-MM-DD"))
    }
}

/// A moment as written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// By the clock of the site.
    Local {
        /// The day.
        day: LocalDay,
        /// Minutes after its midnight.
        minute: i64,
    },
    /// With an offset from UTC.
    At(TsMs),
}

impl Moment {
    /// Reads `2026-07-06`, `2026-07-06T14:30` (local), or RFC 3339 such as `2026-07-06T14:30:00+02:00`. It must be a
    /// full minute.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = LocalDay::parse(text.get(..10)?)?;
        let rest = text.get(10..)?;
        if rest.is_empty() {
            return Some(Self::Local { day, minute: 0 });
        }
        let rest = rest.strip_prefix(['T', 't', ' '])?;
        let minute = clock(rest.get(..5)?)?;
        let rest = rest.get(5..)?;
        let rest = rest.strip_prefix(":00").unwrap_or(rest);
        let offset = match rest {
            "" => return Some(Self::Local { day, minute }),
            "Z" | "z" => 0,
            _ => match rest.get(..1)? {
                "+" => clock(rest.get(1..)?)?,
                "-" => -clock(rest.get(1..)?)?,
                _ => return None,
            },
        };
        let minutes = day.0 * 1440 + minute - offset;
        Some(Self::At(TsMs(minutes * MINUTE_MS)))
    }
}

/// Minutes of `HH:MM`, two digits each.
fn clock(text: &str) -> Option<i64> {
    let (h, m) = (number(text.get(..2)?)?, number(text.get(3..)?)?);
    (text.len() == 5 && text.get(2..3)? == ":" && h < 24 && m < 60).then_some(h * 60 + m)
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
    digits.parse().ok()
}

/// Year, month and day of a number of days since 1970-01-01 in the proleptic Gregorian calendar
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(m <= 2), m, d)
}

/// The other way round, from the same source.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month + 9).rem_euclid(12);
    let doy = (153 * mp + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_read_back_and_impossible_ones_are_refused() {
        for days in (-200_000..200_000).step_by(37) {
            let (y, m, d) = LocalDay(days).civil();
            assert_eq!(LocalDay::new(y, m, d), Some(LocalDay(days)));
        }
        let day = LocalDay::parse("2026-07-06").expect("a day");
        assert_eq!((day.to_string().as_str(), day.weekday()), ("2026-07-06", 0));
        assert_eq!(day.plus(6).monday(), day);
        let json = serde_json::to_string(&day).expect("json");
        assert_eq!(json, "\"2026-07-06\"");
        assert_eq!(serde_json::from_str::<LocalDay>(&json).expect("read"), day);
        assert!(serde_json::from_str::<LocalDay>("\"2026-02-29\"").is_err());
        for wrong in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-7-6",
            "26-07-06",
            "2026-07-06T",
            "2026/07/06",
            "+026-07-06",
            "",
            "ärger-12-1",
        ] {
            assert_eq!(LocalDay::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn moments_are_local_or_carry_their_offset() {
        let day = LocalDay::parse("2026-07-06").expect("a day");
        let local = |minute| Some(Moment::Local { day, minute });
        assert_eq!(Moment::parse("2026-07-06"), local(0));
        assert_eq!(Moment::parse("2026-07-06T14:30"), local(870));
        assert_eq!(Moment::parse("2026-07-06 14:30:00"), local(870));
        let instant = Some(Moment::At(TsMs(1_783_341_000_000)));
        assert_eq!(Moment::parse("2026-07-06T14:30:00+02:00"), instant);
        assert_eq!(Moment::parse("2026-07-06T12:30Z"), instant);
        assert_eq!(Moment::parse("2026-07-06T07:30-05:00"), instant);
        for wrong in [
            "2026-07-06T24:00",
            "2026-07-06T14:30:30",
            "2026-07-06T14:30+2",
            "14:30",
            "2026-07-06T1ä:30",
        ] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }
}
