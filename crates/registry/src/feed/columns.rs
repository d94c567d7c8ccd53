//! The columns of a feed: the same names in the CSV header and in JSON.

use std::borrow::Cow;

/// One column.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Column {
    Municipality,
    Sequence,
    Event,
    EventDate,
    ResidentRecordCode,
    Name,
    NameKana,
    BirthDate,
    Sex,
    PostalCode,
    Address,
}

/// The cells of one message, by column. Empty is missing.
#[derive(Default)]
pub(super) struct Cells<'a>([Cow<'a, str>; Column::ALL.len()]);

impl Column {
    /// All columns in the order of the documentation.
    pub(super) const ALL: [Self; 11] = [
        Self::Municipality,
        Self::Sequence,
        Self::Event,
        Self::EventDate,
        Self::ResidentRecordCode,
        Self::Name,
        Self::NameKana,
        Self::BirthDate,
        Self::Sex,
        Self::PostalCode,
        Self::Address,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Municipality => "municipality",
            Self::Sequence => "sequence",
            Self::Event => "event",
            Self::EventDate => "event_date",
            Self::ResidentRecordCode => "resident_record_code",
            Self::Name => "name",
            Self::NameKana => "name_kana",
            Self::BirthDate => "birth_date",
            Self::Sex => "sex",
            Self::PostalCode => "postal_code",
            Self::Address => "address",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name)
    }
}

impl<'a> Cells<'a> {
    pub(super) fn set(&mut self, column: Column, cell: Cow<'a, str>) {
        self.0[column as usize] = cell;
    }

    pub(super) fn get(&self, column: Column) -> &str {
        &self.0[column as usize]
    }
}
