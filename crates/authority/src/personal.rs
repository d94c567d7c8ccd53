//! The attributes of a signature certificate: name, birth date, sex and address in the form in
//! which verifiers read them.

use crate::{
    content::PersonalAttributes,
    substitution::{TextRefusal, encode_address, encode_name},
};
use base::{Date, Personal};
use std::fmt;

/// Sex as registered, and its digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sex {
    /// 男: 1.
    Male,
    /// 女: 2.
    Female,
    /// Not stated: 3.
    Unknown,
}

/// A holder as registered.
#[derive(Clone, Copy)]
pub struct Registered<'a> {
    /// The name in its original characters.
    pub name: &'a Personal,
    /// The date of birth.
    pub birth_date: Date,
    /// The sex.
    pub sex: Sex,
    /// The address in its original characters, from the prefecture on, without postal code.
    pub address: &'a Personal,
}

impl PersonalAttributes {
    /// The attributes of a holder.
    pub fn of(holder: &Registered<'_>) -> Result<Self, TextRefusal> {
        Ok(Self {
            name: encode_name(holder.name)?,
            birth_date: Personal::new(birth_digits(holder.birth_date)),
            sex: Personal::new(holder.sex.digit()),
            address: encode_address(holder.address)?,
        })
    }
}

impl Sex {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Male, Self::Female, Self::Unknown];

    const fn digit(self) -> &'static str {
        match self {
            Self::Male => "1",
            Self::Female => "2",
            Self::Unknown => "3",
        }
    }
}

impl fmt::Debug for Registered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registered(..)")
    }
}

/// The digit of the era and the Gregorian date; 0 for a day before the first era.
fn birth_digits(date: Date) -> String {
    let era = ERAS.iter().rposition(|first| first_day(*first) <= Some(date)).map_or(0, |at| at + 1);
    format!("{era}{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

fn first_day((year, month, day): (i16, i8, i8)) -> Option<Date> {
    Date::new(year, month, day).ok()
}

/// First days of 明治, 大正, 昭和, 平成 and 令和. Where one day belongs to two eras (1912-07-30 and
/// 1926-12-25), registers count it to the new one.
const ERAS: [(i16, i8, i8); 5] =
    [(1868, 1, 25), (1912, 7, 30), (1926, 12, 25), (1989, 1, 8), (2019, 5, 1)];

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn eras_change_on_their_days() {
        for (day, digits) in [
            ("1998-02-17", "419980217"),
            ("1980-02-17", "319800217"),
            ("1868-01-24", "018680124"),
            ("1868-01-25", "118680125"),
            ("1912-07-29", "119120729"),
            ("1912-07-30", "219120730"),
            ("1926-12-24", "219261224"),
            ("1926-12-25", "319261225"),
            ("1989-01-07", "319890107"),
            ("1989-01-08", "419890108"),
            ("2019-04-30", "420190430"),
            ("2019-05-01", "520190501"),
        ] {
            assert_eq!(birth_digits(date(day)), digits);
        }
    }

    #[test]
    fn the_attributes_of_a_holder() {
        let (name, address) = (Personal::new("髙橋 花子"), Personal::new("東京都清瀬市中里5-842"));
        let holder = Registered {
            name: &name,
            birth_date: date("1998-02-17"),
            sex: Sex::Female,
            address: &address,
        };
        let attributes = PersonalAttributes::of(&holder).unwrap();
        let shown = [&attributes.name, &attributes.address]
            .map(|text| (text.text.reveal(), text.substitutes.reveal()));
        assert_eq!(shown[0], ("高橋　花子", "10000"));
        assert_eq!(shown[1], ("東京都清瀬市中里５－８４２", "0000000000000"));
        assert_eq!(attributes.birth_date.reveal(), "419980217");
        assert_eq!(attributes.sex.reveal(), "2");
        assert_eq!(format!("{holder:?} {attributes:?}"), "Registered(..) PersonalAttributes(..)");
    }

    #[test]
    fn a_holder_without_a_name_has_no_attributes() {
        let (name, address) = (Personal::default(), Personal::new("東京都"));
        for (name, address) in [(&name, &address), (&address, &name)] {
            let (birth_date, sex) = (date("1998-02-17"), Sex::Unknown);
            let refused = PersonalAttributes::of(&Registered { name, birth_date, sex, address });
            assert_eq!(refused.err(), Some(TextRefusal::Empty));
        }
    }

    #[test]
    fn every_sex_has_its_digit() {
        assert_eq!(Sex::ALL.map(Sex::digit), ["1", "2", "3"]);
    }
}
