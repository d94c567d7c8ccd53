//! The registrars of the drawn country: who is how big, and how far each one's feed has come.
//!
//! Owns the sequence numbers. Every line is numbered here and nowhere else, so a gap cannot arise.

use jiff::civil::Date;
use places::LocalGovernment;

use crate::dice::Dice;
use crate::feed::FeedLine;
use crate::resident::Resident;

/// The registrars in the order they were handed in.
pub(crate) struct Offices {
    list: Vec<Office>,
    total_weight: u64,
}

struct Office {
    place: &'static LocalGovernment,
    /// Sum of the weights up to and with this one.
    up_to: u64,
    last_sequence: u64,
}

impl Offices {
    pub(crate) fn new(places: &[&'static LocalGovernment]) -> Self {
        let mut total_weight = 0;
        let list = places.iter().map(|&place| {
            total_weight += u64::from(place.weight().max(1));
            Office { place, up_to: total_weight, last_sequence: 0 }
        });
        Self { list: list.collect(), total_weight }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn place(&self, office: usize) -> &'static LocalGovernment {
        self.list[office].place
    }

    /// An office, big ones more often. There must be one.
    pub(crate) fn pick(&self, dice: &mut Dice) -> usize {
        let product = u128::from(dice.next_u64()) * u128::from(self.total_weight);
        let roll = (product >> 64) as u64;
        self.list.partition_point(|office| office.up_to <= roll)
    }

    /// An office other than `left`, if there is any.
    pub(crate) fn pick_other(&self, dice: &mut Dice, left: usize) -> usize {
        let drawn = self.pick(dice);
        if drawn == left { (left + 1) % self.list.len() } else { drawn }
    }

    /// The next line of the resident's office, with the record.
    pub(crate) fn report(
        &mut self,
        event: &'static str,
        day: Date,
        resident: &Resident,
    ) -> FeedLine {
        let mut line = self.report_end(event, day, resident);
        line.record = Some(resident.record(self.place(resident.office)));
        line
    }

    /// The next line of the resident's office, without a record.
    pub(crate) fn report_end(&mut self, event: &'static str, day: Date, of: &Resident) -> FeedLine {
        let office = &mut self.list[of.office];
        office.last_sequence += 1;
        FeedLine {
            municipality: office.place.code(),
            sequence: office.last_sequence,
            event,
            event_date: day,
            code: of.code.clone(),
            record: None,
        }
    }
}
