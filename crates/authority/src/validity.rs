//! How long cards and certificates are valid: by birthdays, and to the end of a day in Japan.
//!
//! A certificate ends with the fifth birthday after the day of issue, with the sixth if it renews
//! one that has less than three months left, and never after its card; a signature certificate
//! never after the authentication certificate beside it (公的個人認証法 arts. 5 and 24 and its
//! enforcement rules). A card ends with the tenth birthday, or the fifth of the young (番号法
//! カード命令 art. 26).
//!
//! Whoever was born on 29 February has the birthday on 28 February in common years: the Act on the
//! Calculation of Age (明治35年法律第50号) lets that year of age be completed as that day ends. The
//! texts of the two rules above were not at hand on this point; the earlier day promises nothing
//! that could be taken back.

use crate::content::CertificateKind;
use base::{Date, Moment};
use jiff::{ToSpan, civil::time, tz::TimeZone};

/// Until when a person may stay in Japan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stay {
    /// Japanese nationals, permanent residents and others whose stay has no end.
    Unlimited,
    /// Up to and including this day.
    Until(Date),
}

/// What a certificate's end depends on.
#[derive(Clone, Copy)]
pub struct Terms {
    /// Which certificate.
    pub kind: CertificateKind,
    /// The day of issue, in Japan.
    pub issued: Date,
    /// The holder's date of birth.
    pub birth_date: Date,
    /// Whether it renews one that has less than three months left.
    pub renews: bool,
    /// The last day of the card.
    pub card_end: Date,
    /// The last day of the authentication certificate beside it.
    pub authentication_end: Option<Date>,
}

/// The last day of a card that was applied for and issued on these days. Who was of age when
/// applying gets ten birthdays: 18 years, and 20 for applications before 2022-04-01.
pub fn card_end(applied: Date, issued: Date, birth_date: Date, stay: Stay) -> Date {
    let of_age = if applied < MAJORITY_AT_18 { 20 } else { 18 };
    let birthdays = if age_on(birth_date, applied) >= of_age { 10 } else { 5 };
    let end = birthday_after(birth_date, issued, birthdays);
    match stay {
        Stay::Unlimited => end,
        Stay::Until(last) => end.min(last),
    }
}

/// The last day of a certificate.
pub fn certificate_end(terms: &Terms) -> Date {
    let birthdays = if terms.renews { 6 } else { 5 };
    let end = birthday_after(terms.birth_date, terms.issued, birthdays).min(terms.card_end);
    match (terms.kind, terms.authentication_end) {
        (CertificateKind::Signature, Some(beside)) => end.min(beside),
        _ => end,
    }
}

/// The last day up to which an authority that ends at a moment can issue whatever is asked for: a
/// certificate ends with the sixth birthday after its issue at the latest.
pub fn issues_until(issuer_end: Moment) -> Date {
    let day = issuer_end.date_in_japan().saturating_sub(6.years());
    // Of those born on 29 February the sixth birthday may be a day later than six years.
    let latest = day.saturating_add(6.years()).max(birthday_after(BORN_ON_LEAP_DAY, day, 6));
    if end_of_day(latest) <= issuer_end { day } else { day.saturating_sub(1.day()) }
}

/// The first day on which a certificate that ends on `end` can be renewed: from then on less than
/// three months are left, counted forward (民法 art. 143): on the last days of a long month there
/// are three whole ones to the end of February.
pub fn renewal_opens(end: Date) -> Date {
    let mut day = end.saturating_sub(3.months());
    while day < end && day.saturating_add(3.months()) <= end {
        day = day.saturating_add(1.day());
    }
    day
}

/// Completed years of age on a day (in Japan), as its first moment finds them.
pub fn age_on(birth_date: Date, day: Date) -> i32 {
    let had_birthday = (day.month(), day.day()) >= (birth_date.month(), birth_date.day());
    i32::from(day.year()) - i32::from(birth_date.year()) - i32::from(!had_birthday)
}

/// The `count`-th birthday after a day; a birthday on that day itself does not count.
pub fn birthday_after(birth_date: Date, day: Date, count: i16) -> Date {
    let passed = birthday_in(birth_date, day.year()) <= day;
    let year = day.year().saturating_add(count - i16::from(!passed));
    birthday_in(birth_date, year)
}

/// The last second of a day in Japan: 14:59:59 UTC.
pub fn end_of_day(day: Date) -> Moment {
    let last = day.to_datetime(time(23, 59, 59, 0));
    let japan = TimeZone::fixed(jiff::tz::offset(9));
    let at = last.to_zoned(japan).map(|at| at.timestamp().as_microsecond());
    // Only the last hours of the year 9999 have no moment.
    Moment::from_us(at.unwrap_or(i64::MAX))
}

fn birthday_in(birth_date: Date, year: i16) -> Date {
    let same_day = Date::new(year, birth_date.month(), birth_date.day());
    same_day.or_else(|_| Date::new(year, 2, 28)).unwrap_or(Date::MAX)
}

const MAJORITY_AT_18: Date = jiff::civil::date(2022, 4, 1);
const BORN_ON_LEAP_DAY: Date = jiff::civil::date(2000, 2, 29);

#[cfg(test)]
mod tests;
