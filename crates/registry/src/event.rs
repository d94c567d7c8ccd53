//! Resident events (異動) and the message in which a municipality sends one.

use crate::{
    canonical::Canonical,
    record::{ResidentRecord, date_text},
};
use base::Date;
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// What happened to a resident.
#[derive(Clone, PartialEq, Eq)]
pub struct ResidentEvent {
    /// The kind.
    pub kind: EventKind,
    /// The day on which it happened (異動年月日).
    pub on: Date,
    /// Whom it is about. `None` only when the platform is to pick an unused code of the
    /// municipality's stock.
    pub code: Option<ResidentRecordCode>,
    /// The record after the event.
    pub record: Option<ResidentRecord>,
}

/// The kinds of resident event (Basic Resident Register Act art. 22 to 24: moves; its Enforcement
/// Order art. 12: the rest, ex officio).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EventKind {
    /// 出生
    Birth,
    /// 転入: from another municipality or from abroad.
    MoveIn,
    /// 転居: within the municipality.
    MoveWithin,
    /// 転出: to another municipality or abroad.
    MoveOut,
    /// 氏名変更: as by marriage or adoption.
    NameChange,
    /// 死亡
    Death,
    /// 職権記載: entered, or restored, without a notification.
    ExOfficioEntry,
    /// 職権修正: what was written wrongly is put right.
    ExOfficioCorrection,
    /// 職権消除: as when a person cannot be found at the address.
    ExOfficioDeletion,
}

/// The text is no kind of event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EventKindRefusal;

/// One message of a municipality's feed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FeedMessage {
    /// Who sends it.
    pub municipality: LocalGovernmentCode,
    /// Its place in the municipality's feed: from 1, without gaps, at most 2^63 - 1.
    pub sequence: u64,
    /// The event.
    pub event: ResidentEvent,
}

impl FeedMessage {
    /// The one byte string of this message, whatever format it came in: a repeat is recognised by
    /// the keyed digest of these bytes.
    pub fn canonical_bytes(&self) -> Zeroizing<Vec<u8>> {
        let event = &self.event;
        let size = MESSAGE_SIZE + event.record.as_ref().map_or(0, ResidentRecord::canonical_size);
        let mut canonical = Canonical::new("sekisho.feed-message.v1", size);
        canonical.number(u64::from(self.municipality.as_u32()));
        canonical.number(self.sequence);
        canonical.text(event.kind.word());
        canonical.text(&date_text(event.on));
        canonical.present(event.code.is_some());
        if let Some(code) = &event.code {
            canonical.number(code.reveal_u64());
        }
        canonical.present(event.record.is_some());
        if let Some(record) = &event.record {
            record.write(&mut canonical);
        }
        canonical.bytes()
    }
}

impl EventKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 9] = [
        Self::Birth,
        Self::MoveIn,
        Self::MoveWithin,
        Self::MoveOut,
        Self::NameChange,
        Self::Death,
        Self::ExOfficioEntry,
        Self::ExOfficioCorrection,
        Self::ExOfficioDeletion,
    ];

    /// The word of the feed and the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Birth => "birth",
            Self::MoveIn => "move_in",
            Self::MoveWithin => "move_within",
            Self::MoveOut => "move_out",
            Self::NameChange => "name_change",
            Self::Death => "death",
            Self::ExOfficioEntry => "ex_officio_entry",
            Self::ExOfficioCorrection => "ex_officio_correction",
            Self::ExOfficioDeletion => "ex_officio_deletion",
        }
    }

    /// The word for people in Japan.
    pub const fn japanese(self) -> &'static str {
        match self {
            Self::Birth => "出生",
            Self::MoveIn => "転入",
            Self::MoveWithin => "転居",
            Self::MoveOut => "転出",
            Self::NameChange => "氏名変更",
            Self::Death => "死亡",
            Self::ExOfficioEntry => "職権記載",
            Self::ExOfficioCorrection => "職権修正",
            Self::ExOfficioDeletion => "職権消除",
        }
    }

    /// Whether it opens a record.
    pub const fn enters(self) -> bool {
        matches!(self, Self::Birth | Self::MoveIn | Self::ExOfficioEntry)
    }

    /// Whether it closes a record.
    pub const fn closes(self) -> bool {
        matches!(self, Self::MoveOut | Self::Death | Self::ExOfficioDeletion)
    }

    /// Whether it must bring the record after it: all but those that close one.
    pub const fn needs_record(self) -> bool {
        !self.closes()
    }
}

impl FromStr for EventKind {
    type Err = EventKindRefusal;

    fn from_str(text: &str) -> Result<Self, EventKindRefusal> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or(EventKindRefusal)
    }
}

impl EventKindRefusal {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        "feed_event"
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Shows the kind alone: the day of an event can be the day of a birth.
impl fmt::Debug for ResidentEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentEvent({}, ..)", self.kind)
    }
}

/// Bytes of a message without its record, at most.
const MESSAGE_SIZE: usize = 96;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{jiff_date, record};

    fn message() -> FeedMessage {
        FeedMessage {
            municipality: "131016".parse().unwrap(),
            sequence: 1,
            event: ResidentEvent {
                kind: EventKind::ExOfficioCorrection,
                on: jiff_date("2026-04-01"),
                code: "24727059608".parse().ok(),
                record: Some(record()),
            },
        }
    }

    #[test]
    fn every_word_reads_back() {
        for kind in EventKind::ALL {
            assert_eq!(kind.word().parse(), Ok(kind));
            assert_ne!(kind.needs_record(), kind.closes());
            assert!(!(kind.enters() && kind.closes()));
        }
        assert_eq!("転入".parse::<EventKind>(), Err(EventKindRefusal));
    }

    #[test]
    fn debug_shows_municipality_sequence_and_kind() {
        let shown = format!("{:?}", message());
        assert!(shown.contains("131016") && shown.contains("ex_officio_correction"), "{shown}");
        for hidden in ["山田", "1990", "2026", "24727059608", "1000013"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }

    #[test]
    fn every_part_counts_in_the_canonical_bytes() {
        let mut changed = vec![message(); 7];
        changed[1].municipality = "131130".parse().unwrap();
        changed[2].sequence = 2;
        changed[3].event.kind = EventKind::NameChange;
        changed[4].event.on = jiff_date("2026-04-02");
        changed[5].event.code = None;
        changed[6].event.record = None;
        let mut bytes: Vec<_> = changed.iter().map(|m| m.canonical_bytes().to_vec()).collect();
        assert_eq!(bytes[0], *message().canonical_bytes());
        bytes.sort();
        bytes.dedup();
        assert_eq!(bytes.len(), 7);
    }

    #[test]
    fn the_buffer_never_grows() {
        let fixed = "sekisho.feed-message.v1".len() + 4 + MESSAGE_SIZE;
        let message = message();
        assert!(message.canonical_bytes().len() <= fixed + record().canonical_size());
    }
}
