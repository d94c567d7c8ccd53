//! The local governments of Japan: 47 prefectures, 1,741 municipalities and the 171 wards of the
//! designated cities, with code, name, reading, district and general postal code.
//!
//! Owns the list in `data/` (sources and reference date in `data/README.md`) and nothing else.
//! The list is compiled in and parsed once, at first use; everything handed out is `'static`.
//! Assumes that the list is sound; the tests of this crate hold it to that.

mod list;
mod unit;

pub use list::{all, by_code, municipalities, prefectures, registrars};
pub use numbers::LocalGovernmentCode;
pub use unit::{Kind, LocalGovernment};
