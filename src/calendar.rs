//! Days of the calendar: the Gregorian one, carried on before its time, without hours or zones.
//!
//! Source of the day counts: Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms* (2013), `days_from_civil` and `civil_from_days`.

use std::fmt;

use serde::{Serialize, Serializer};

/// Days in a month, on average over the 400 years after which the calendar repeats: 146,097 / 4,800, rounded as people do.
pub const DAYS_PER_MONTH: f64 = 30.4375;

/// Days in 400 years, after which the calendar repeats.
const ERA: i32 = 146_097;
/// From March 1st of the year 0 to January 1st, 1970.
const EPOCH: i32 = 719_468;

/// A day, counted from January 1st, 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

impl Date {
    /// A day by its year, month (1 to 12) and day; `None` where there is no such day, or the year is not from 1 to 9999.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        let exists = (1..=9_999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        // Years begin in March, so that the leap day is their last.
        let year = if month <= 2 { year - 1 } else { year };
        let from_march = (month as i32 + 9) % 12;
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * from_march + 2) / 5 + day as i32 - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        exists.then_some(Self(era * ERA + day_of_era - EPOCH))
    }

    /// Reads `2027-11-26`; `None` where it is not written so, or there is no such day.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = |part: &str, count: usize| {
            (part.len() == count && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
        };
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let date: (u32, u32, u32) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
        parts.next().is_none().then(|| Self::new(date.0 as i32, date.1, date.2))?
    }

    /// Year, month and day.
    #[must_use]
    pub fn civil(self) -> (i32, u32, u32) {
        let days = self.0 + EPOCH;
        let (era, day_of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i32::from(month <= 2);
        (year, month as u32, day as u32)
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.civil().1
    }

    /// So many days later, or earlier.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// The same day so many months later; the last day of the month where it has no such day.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let (year, month, day) = self.civil();
        let count = year * 12 + month as i32 - 1 + months as i32;
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) as u32 + 1);
        Self::new(year, month, day.min(days_in_month(year, month))).unwrap_or(self)
    }

    /// Days from `earlier` to this one; below zero where it is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::read(text).unwrap()
    }

    #[test]
    fn days_are_counted_from_1970() {
        assert_eq!(date("1970-01-01").0, 0);
        assert_eq!(date("1970-03-01").0, 59);
        // 30 years with 7 leap days, and the 59 days of January and February 2000 with the 29th.
        assert_eq!(date("2000-03-01").0, 30 * 365 + 7 + 60);
        assert_eq!(date("2027-11-26").since(date("2026-11-26")), 365);
        assert_eq!(date("2028-03-01").since(date("2027-03-01")), 366);
    }

    #[test]
    fn leap_years_have_their_day_and_others_do_not() {
        for there_is in ["2024-02-29", "2028-02-29", "2000-02-29"] {
            assert_eq!(date(there_is).to_string(), there_is);
        }
        for not in ["2027-02-29", "2100-02-29", "2027-02-30", "2027-04-31", "2027-13-01", "2027-00-10"] {
            assert_eq!(Date::read(not), None, "{not}");
        }
        for not in ["2027-2-3", "27-02-03", "2027/02/03", "2027-02-03-04", "", "soon", "+027-02-03"] {
            assert_eq!(Date::read(not), None, "{not}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_one_before() {
        let first = date("1600-01-01");
        let mut last = first.civil();
        for count in 1..2 * ERA {
            let (year, month, day) = first.plus(count).civil();
            assert_eq!(Date::new(year, month, day), Some(first.plus(count)));
            let next_day = (year, month) == (last.0, last.1) && day == last.2 + 1;
            let next_month = day == 1 && last.2 == days_in_month(last.0, last.1);
            assert!(next_day || next_month, "{last:?} {year}-{month}-{day}");
            last = (year, month, day);
        }
    }

    #[test]
    fn months_end_where_the_calendar_says() {
        assert_eq!(date("2027-01-31").plus_months(1), date("2027-02-28"));
        assert_eq!(date("2026-12-01").plus_months(24), date("2028-12-01"));
        assert_eq!(date("2027-11-30").plus_months(3), date("2028-02-29"));
    }
}
