//! One invented resident: name, sex, birth, address, and the registrar that holds the record.
//!
//! Owns how a person is drawn (age pyramid, names by sex, a share of hard characters and of foreign
//! residents) and how a record is written. Knows nothing of events.

use jiff::{ToSpan, civil::Date};
use places::LocalGovernment;

use crate::address::Address;
use crate::dice::Dice;
use crate::feed::FeedRecord;
use crate::names::{self, Written};

/// A resident present in one municipality, or under way to the next.
#[derive(Clone)]
pub(crate) struct Resident {
    pub(crate) code: String,
    /// Place of the registrar in the list of offices.
    pub(crate) office: usize,
    pub(crate) name: Name,
    pub(crate) sex: Sex,
    pub(crate) birth: Date,
    pub(crate) address: Address,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sex {
    Male,
    Female,
    Unknown,
}

/// Family and given name, both from the same kind of table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) family: Written,
    pub(crate) given: Written,
    pub(crate) latin: bool,
}

impl Resident {
    /// A person of any age on that day, not yet anywhere and without a code.
    pub(crate) fn draw(dice: &mut Dice, day: Date) -> Self {
        let age_days = draw_age_days(dice);
        let sex = Sex::draw(dice, age_days);
        Self {
            code: String::new(),
            office: 0,
            name: Name::draw(dice, sex),
            sex,
            birth: day.saturating_sub(age_days.days()),
            address: Address::draw(dice),
        }
    }

    /// A child born on that day into the mother's household.
    pub(crate) fn child(mother: &Self, dice: &mut Dice, day: Date) -> Self {
        let sex = Sex::draw(dice, 0);
        let given = draw_given(dice, sex, mother.name.latin);
        let name = Name { given, ..mother.name };
        Self { code: String::new(), name, sex, birth: day, ..mother.clone() }
    }

    /// Whether the age, in calendar years begun, lies in the range.
    pub(crate) fn is_aged(&self, ages: std::ops::Range<i16>, day: Date) -> bool {
        ages.contains(&(day.year() - self.birth.year()))
    }

    /// The record as the registrar at `place` writes it.
    pub(crate) fn record(&self, place: &LocalGovernment) -> FeedRecord {
        FeedRecord {
            name: self.name.written(),
            name_kana: self.name.reading(),
            birth_date: self.birth,
            sex: self.sex.label(),
            postal_code: place.postal_code(),
            address: self.address.written(place),
        }
    }
}

impl Sex {
    fn draw(dice: &mut Dice, age_days: i64) -> Self {
        let women = if age_days > 80 * 365 { 6_500 } else { 5_000 };
        match dice.below(10_000) {
            roll if roll < women => Self::Female,
            roll if roll < 9_995 => Self::Male,
            _ => Self::Unknown,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Unknown => "unknown",
        }
    }
}

impl Name {
    fn draw(dice: &mut Dice, sex: Sex) -> Self {
        let latin = dice.in_ten_thousand(LATIN_SHARE);
        let family = if latin { pick(dice, names::LATIN_SURNAMES) } else { draw_surname(dice) };
        Self { family, given: draw_given(dice, sex, latin), latin }
    }

    /// The family name's original form in place of its everyday form, where the tables know one.
    pub(crate) fn with_original_form(self) -> Option<Self> {
        let form = names::HARD_SURNAMES.iter().find(|(_, plain)| *plain == self.family.0);
        form.map(|&(family, _)| Self { family, ..self })
    }

    fn written(&self) -> String {
        let gap = if self.latin { " " } else { "　" };
        [self.family.0, gap, self.given.0].concat()
    }

    fn reading(&self) -> String {
        [self.family.1, "　", self.given.1].concat()
    }
}

/// A Japanese family name, in a hard form now and then.
pub(crate) fn draw_surname(dice: &mut Dice) -> Written {
    if dice.in_ten_thousand(HARD_SURNAME_SHARE) {
        names::HARD_SURNAMES[dice.index(names::HARD_SURNAMES.len())].0
    } else {
        names::SURNAMES[dice.early_index(names::SURNAMES.len())]
    }
}

fn draw_given(dice: &mut Dice, sex: Sex, latin: bool) -> Written {
    let hard = dice.in_ten_thousand(HARD_GIVEN_SHARE);
    let table = match (sex, latin, hard) {
        (Sex::Male, true, _) => names::LATIN_MALE,
        (_, true, _) => names::LATIN_FEMALE,
        (Sex::Male, false, true) => names::HARD_MALE,
        (_, false, true) => names::HARD_FEMALE,
        (Sex::Male, false, false) => names::MALE,
        (_, false, false) => names::FEMALE,
    };
    pick(dice, table)
}

fn pick(dice: &mut Dice, table: &[Written]) -> Written {
    table[dice.index(table.len())]
}

/// Days lived, from 1 on, by the age pyramid.
fn draw_age_days(dice: &mut Dice) -> i64 {
    let mut roll = dice.below(AGES.iter().sum());
    let mut days = 1;
    for &share in AGES {
        if roll < share {
            break;
        }
        roll -= share;
        days += FIVE_YEARS;
    }
    days + i64::from(dice.below(FIVE_YEARS as u32))
}

/// Persons in a thousand per five years of age, from 0-4 on; roughly Japan in the 2020s.
const AGES: &[u32] =
    &[31, 38, 42, 44, 49, 53, 51, 56, 61, 73, 78, 66, 60, 58, 71, 63, 48, 34, 18, 5, 1];
const FIVE_YEARS: i64 = 1_826;

/// Shares in ten thousand residents.
const LATIN_SHARE: u32 = 270;
const HARD_SURNAME_SHARE: u32 = 700;
const HARD_GIVEN_SHARE: u32 = 150;

#[cfg(test)]
mod tests;
