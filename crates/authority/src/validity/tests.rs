//! The rules as tables, and that no validity goes beyond its limits.

use super::*;
use proptest::prelude::*;

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn terms(issued: &str, birth_date: &str, card_end: &str) -> Terms {
    Terms {
        kind: CertificateKind::Authentication,
        issued: date(issued),
        birth_date: date(birth_date),
        renews: false,
        card_end: date(card_end),
        authentication_end: None,
    }
}

#[test]
fn the_published_test_card() {
    let card = card_end(date("2025-10-01"), date("2025-10-27"), date("1980-02-17"), FREE);
    assert_eq!(card, date("2035-02-17"));
    let end = certificate_end(&terms("2025-10-27", "1980-02-17", "2035-02-17"));
    assert_eq!(end, date("2030-02-17"));
    assert_eq!(end_of_day(end).to_string(), "2030-02-17T14:59:59Z");
}

#[test]
fn cards_end_by_age_at_the_application() {
    for (applied, issued, born, stay, end) in [
        // Of age, and not.
        ("2025-06-01", "2025-06-20", "1990-08-01", FREE, "2034-08-01"),
        ("2025-06-01", "2025-06-20", "2010-08-01", FREE, "2029-08-01"),
        // The day before 18, and the day itself; issued later in both cases.
        ("2025-06-14", "2025-06-20", "2007-06-15", FREE, "2030-06-15"),
        ("2025-06-15", "2025-06-20", "2007-06-15", FREE, "2035-06-15"),
        // 18 and 19 before April 2022; 20.
        ("2022-03-31", "2022-04-20", "2003-01-10", FREE, "2027-01-10"),
        ("2022-04-01", "2022-04-20", "2003-01-10", FREE, "2032-01-10"),
        ("2022-03-31", "2022-04-20", "2002-01-10", FREE, "2032-01-10"),
        // A limited stay, shorter and longer than the birthdays.
        ("2025-06-01", "2025-06-20", "1990-08-01", Stay::Until(LIMIT), "2027-03-31"),
        ("2021-06-01", "2021-06-20", "2010-08-01", Stay::Until(LIMIT), "2025-08-01"),
    ] {
        let found = card_end(date(applied), date(issued), date(born), stay);
        assert_eq!(found, date(end), "{applied} {issued} {born}");
    }
}

#[test]
fn certificates_end_by_birthdays() {
    for (issued, born, end) in [
        ("2025-10-27", "1980-02-17", "2030-02-17"),
        ("2026-02-16", "1980-02-17", "2030-02-17"),
        // Issued on the birthday: it does not count.
        ("2026-02-17", "1980-02-17", "2031-02-17"),
        ("2026-02-18", "1980-02-17", "2031-02-17"),
        ("2026-12-31", "1980-01-01", "2031-01-01"),
        ("2026-12-31", "1980-12-31", "2031-12-31"),
        // Born on 29 February: the fifth birthday in a common year, and in a leap year.
        ("2026-01-01", "1980-02-29", "2030-02-28"),
        ("2023-06-01", "1980-02-29", "2028-02-29"),
        ("2027-02-28", "1980-02-29", "2032-02-29"),
        ("2028-02-28", "1980-02-29", "2032-02-29"),
        ("2028-02-29", "1980-02-29", "2033-02-28"),
    ] {
        let found = certificate_end(&terms(issued, born, "2099-12-31"));
        assert_eq!(found, date(end), "{issued} {born}");
    }
}

#[test]
fn the_earliest_limit_holds() {
    let mut terms = terms("2025-10-27", "1980-02-17", "2028-02-17");
    assert_eq!(certificate_end(&terms), date("2028-02-17"), "the card");
    terms.authentication_end = Some(date("2026-02-17"));
    assert_eq!(certificate_end(&terms), date("2028-02-17"), "an authentication certificate");
    terms.kind = CertificateKind::Signature;
    assert_eq!(certificate_end(&terms), date("2026-02-17"), "a signature certificate");
    terms.authentication_end = Some(date("2035-02-17"));
    assert_eq!(certificate_end(&terms), date("2028-02-17"));
}

#[test]
fn renewal_keeps_the_birthday_of_the_old_one_and_five_years_more() {
    for (end, opens) in [
        ("2030-02-17", "2029-11-18"),
        ("2030-05-31", "2030-03-01"),
        ("2030-05-29", "2030-03-01"),
        ("2030-02-28", "2029-12-01"),
        ("2028-02-28", "2027-11-29"),
        ("2028-02-29", "2027-12-01"),
        ("2030-03-01", "2029-12-02"),
    ] {
        assert_eq!(renewal_opens(date(end)), date(opens), "{end}");
    }
    let mut terms = terms("2029-11-18", "1980-02-17", "2035-02-17");
    assert_eq!(certificate_end(&terms), date("2034-02-17"));
    terms.renews = true;
    assert_eq!(certificate_end(&terms), date("2035-02-17"));
    terms.issued = date("2030-02-17");
    assert_eq!(certificate_end(&terms), date("2035-02-17"), "never after the card");
}

#[test]
fn ages_are_completed_as_the_day_before_ends() {
    for (born, day, age) in [
        ("2010-08-01", "2025-07-31", 14),
        ("2010-08-01", "2025-08-01", 15),
        ("2012-02-29", "2027-02-28", 14),
        ("2012-02-29", "2027-03-01", 15),
        ("2012-02-29", "2028-02-28", 15),
        ("2012-02-29", "2028-02-29", 16),
        ("2025-07-31", "2025-07-31", 0),
    ] {
        assert_eq!(age_on(date(born), date(day)), age, "{born} {day}");
    }
}

#[test]
fn the_end_of_time_is_an_end() {
    assert_eq!(birthday_after(date("1980-02-17"), date("9999-06-01"), 5), Date::MAX);
    assert!(end_of_day(Date::MAX) > end_of_day(date("9998-12-31")));
}

proptest! {
    #[test]
    fn no_validity_goes_beyond_its_limits(
        born in day(1900..2026),
        issued in day(2026..2060),
        card in day(2026..2075),
        beside in proptest::option::of(day(2026..2075)),
        renews: bool,
        signature: bool,
    ) {
        let kind = CertificateKind::ALL[usize::from(!signature)];
        let terms = Terms { kind, issued, birth_date: born, renews, card_end: card,
            authentication_end: beside };
        let end = certificate_end(&terms);
        prop_assert!(end <= card);
        prop_assert!(!signature || beside.is_none_or(|beside| end <= beside));
        // A day more where 29 February follows 28 February.
        let birthdays = if renews { 6 } else { 5 };
        prop_assert!(end <= issued.saturating_add(birthdays.years()).saturating_add(1.day()));
        let free = Terms { card_end: Date::MAX, authentication_end: None, ..terms };
        let longest = certificate_end(&free);
        prop_assert!(longest > issued.saturating_add((birthdays - 1).years()));
        let last_of_february = born.month() == 2 && born.day() == 29;
        prop_assert_eq!(longest.month(), born.month());
        prop_assert!(longest.day() == born.day() || last_of_february && longest.day() == 28);
    }

    #[test]
    fn renewal_is_open_for_three_months_at_most(end in day(2026..2060)) {
        let opens = renewal_opens(end);
        prop_assert!(opens.saturating_add(3.months()) > end);
        prop_assert!(opens.saturating_sub(1.day()).saturating_add(3.months()) <= end);
    }

    #[test]
    fn an_authority_issues_whatever_is_asked_for_up_to_a_day_and_no_longer(
        born in day(1900..2026),
        last in day(2034..2075),
        early in 0..86_400_i64,
    ) {
        let issuer_end = end_of_day(last).plus_us(-early * 1_000_000);
        let ends = |issued: Date, birth_date: Date| end_of_day(certificate_end(&Terms {
            kind: CertificateKind::Signature, issued, birth_date, renews: true,
            card_end: Date::MAX, authentication_end: None,
        }));
        let until = issues_until(issuer_end);
        prop_assert!(ends(until, born) <= issuer_end);
        let after = until.tomorrow().unwrap();
        let born_then = date("2000-01-01").with().month(after.month()).day(after.day()).build();
        let unlucky = [born_then.unwrap(), BORN_ON_LEAP_DAY].map(|born| ends(after, born));
        prop_assert!(unlucky.into_iter().any(|end| end > issuer_end));
    }

    #[test]
    fn the_last_second_is_of_its_day(day in day(1900..9000)) {
        let last = end_of_day(day);
        prop_assert_eq!(last.date_in_japan(), day);
        prop_assert_eq!(last.plus_us(1_000_000).date_in_japan(), day.tomorrow().unwrap());
    }
}

fn day(years: std::ops::Range<i16>) -> impl Strategy<Value = Date> {
    (years, 0_i64..366).prop_map(|(year, day)| {
        Date::new(year, 1, 1)
            .unwrap()
            .saturating_add(day.days())
            .min(Date::new(year, 12, 31).unwrap())
    })
}

const FREE: Stay = Stay::Unlimited;
const LIMIT: Date = jiff::civil::date(2027, 3, 31);
