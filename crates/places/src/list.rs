//! The list and the ways to ask it. Parsed once, at first use, and kept sorted by code.

use std::sync::OnceLock;

use numbers::LocalGovernmentCode;

use crate::unit::{Kind, LocalGovernment};

/// Every prefecture, municipality and ward, in ascending order of code.
#[must_use]
pub fn all() -> &'static [LocalGovernment] {
    static UNITS: OnceLock<Vec<LocalGovernment>> = OnceLock::new();
    UNITS.get_or_init(|| FILE.lines().skip(1).filter_map(LocalGovernment::read).collect())
}

/// The unit with this code; `None` for a code that is well formed and belongs to nobody.
#[must_use]
pub fn by_code(code: LocalGovernmentCode) -> Option<&'static LocalGovernment> {
    let units = all();
    units.binary_search_by_key(&code, LocalGovernment::code).ok().map(|place| &units[place])
}

/// The 47 prefectures.
pub fn prefectures() -> impl Iterator<Item = &'static LocalGovernment> {
    all().iter().filter(|unit| unit.kind() == Kind::Prefecture)
}

/// The 1,741 municipalities, designated cities among them and their wards not.
pub fn municipalities() -> impl Iterator<Item = &'static LocalGovernment> {
    all().iter().filter(|unit| unit.kind().is_municipality())
}

/// The 1,892 units that keep a resident register: every municipality, a designated city through its
/// wards. In ascending order of code.
#[must_use]
pub fn registrars() -> &'static [&'static LocalGovernment] {
    static REGISTRARS: OnceLock<Vec<&'static LocalGovernment>> = OnceLock::new();
    REGISTRARS.get_or_init(|| all().iter().filter(|unit| unit.kind().is_registrar()).collect())
}

const FILE: &str = include_str!("../data/local-governments.csv");

#[cfg(test)]
mod tests;
