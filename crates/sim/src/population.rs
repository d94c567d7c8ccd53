//! The stream of feed lines: first the stock of residents on the start day, then a year of events.
//!
//! Owns everybody present and under way, and the order of what happens to them. Days ascend over
//! the whole stream; within a day the order is drawn. Memory grows with the residents, not with the
//! lines.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use numbers::LocalGovernmentCode;
use places::LocalGovernment;

use crate::address::Address;
use crate::dice::Dice;
use crate::feed::FeedLine;
use crate::offices::Offices;
use crate::resident::{Resident, Sex, draw_surname};

/// Draws feed lines one by one; see [`Population::draw`].
pub struct Population<C> {
    codes: C,
    dice: Dice,
    offices: Offices,
    start: Date,
    /// Days since the start.
    today: u16,
    residents: u32,
    stock_left: u32,
    agenda: Vec<Happening>,
    present: Vec<Resident>,
    /// Who has left and arrives on a later day.
    under_way: BTreeMap<u16, Vec<Resident>>,
    /// Who arrives today.
    arriving: Vec<Resident>,
}

#[derive(Clone, Copy)]
enum Happening {
    Birth,
    MoveFromAbroad,
    MoveWithin,
    MoveOut,
    Arrival,
    NameChange,
    Death,
    Correction,
    Deletion,
}

impl<C: FnMut(LocalGovernmentCode) -> String> Population<C> {
    /// A country of `residents` on the day `start`, spread over `registrars` by their weights, and
    /// the 365 days after it.
    ///
    /// The first `residents` lines are `ex_officio_entry` on the start day; about 0.15 lines per
    /// resident follow. `codes` is asked once for each resident, at the entry, for the next
    /// resident record code of the municipality. Without registrars there are no lines.
    pub fn draw(
        seed: u64,
        residents: u32,
        registrars: &[&'static LocalGovernment],
        start: Date,
        codes: C,
    ) -> Self {
        let offices = Offices::new(registrars);
        let residents = if offices.is_empty() { 0 } else { residents };
        Self {
            codes,
            dice: Dice::from_seed(seed),
            offices,
            start,
            today: 0,
            residents,
            stock_left: residents,
            agenda: Vec::new(),
            present: Vec::new(),
            under_way: BTreeMap::new(),
            arriving: Vec::new(),
        }
    }

    fn day(&self) -> Date {
        self.start.saturating_add(i64::from(self.today).days())
    }

    fn begin_day(&mut self) {
        self.today += 1;
        self.arriving.extend(self.under_way.remove(&self.today).unwrap_or_default());
        self.agenda.extend(self.arriving.iter().map(|_| Happening::Arrival));
        for &(happening, rate) in YEARLY_RATES {
            self.agenda.extend((0..self.due(rate)).map(|_| happening));
        }
        self.dice.shuffle(&mut self.agenda);
    }

    /// How many of a kind fall on today when a year's worth is spread evenly.
    fn due(&self, rate: u32) -> u64 {
        let year = u64::from(self.residents) * u64::from(rate) / 10_000;
        let until = |day: u16| year * u64::from(day) / u64::from(DAYS);
        until(self.today) - until(self.today - 1)
    }

    fn happen(&mut self, happening: Happening) -> Option<FeedLine> {
        match happening {
            Happening::Birth => self.birth(),
            Happening::MoveFromAbroad => Some(self.newcomer("move_in")),
            Happening::MoveWithin => self.move_within(),
            Happening::MoveOut => self.move_out(),
            Happening::Arrival => self.arrival(),
            Happening::NameChange => self.name_change(),
            Happening::Death => self.death(),
            Happening::Correction => self.correction(),
            Happening::Deletion => self.deletion(),
        }
    }

    /// Somebody of any age who was on no register before.
    fn newcomer(&mut self, event: &'static str) -> FeedLine {
        let day = self.day();
        let mut resident = Resident::draw(&mut self.dice, day);
        resident.office = self.offices.pick(&mut self.dice);
        self.enter(event, resident)
    }

    fn birth(&mut self) -> Option<FeedLine> {
        let day = self.day();
        let mother =
            self.find(|person| person.sex == Sex::Female && person.is_aged(20..45, day))?;
        let child = Resident::child(&self.present[mother], &mut self.dice, day);
        Some(self.enter("birth", child))
    }

    fn enter(&mut self, event: &'static str, mut resident: Resident) -> FeedLine {
        resident.code = (self.codes)(self.offices.place(resident.office).code());
        self.arrive(event, resident)
    }

    fn arrival(&mut self) -> Option<FeedLine> {
        let resident = self.arriving.pop()?;
        Some(self.arrive("move_in", resident))
    }

    fn arrive(&mut self, event: &'static str, resident: Resident) -> FeedLine {
        let line = self.offices.report(event, self.day(), &resident);
        self.present.push(resident);
        line
    }

    fn move_within(&mut self) -> Option<FeedLine> {
        let who = self.find(|_| true)?;
        let person = &mut self.present[who];
        person.address = person.address.draw_other(&mut self.dice);
        Some(self.report("move_within", who))
    }

    /// A departure; the arrival elsewhere follows within the fourteen days the law gives, except
    /// for those who leave the country.
    fn move_out(&mut self) -> Option<FeedLine> {
        let who = self.find(|_| true)?;
        let (mut resident, line) = self.leave("move_out", who);
        if !self.dice.in_ten_thousand(EMIGRANT_SHARE) {
            resident.office = self.offices.pick_other(&mut self.dice, resident.office);
            resident.address = Address::draw(&mut self.dice);
            let arrival = self.today + 1 + self.dice.below(14) as u16;
            self.under_way.entry(arrival).or_default().push(resident);
        }
        Some(line)
    }

    fn name_change(&mut self) -> Option<FeedLine> {
        let day = self.day();
        let who = self.find(|person| !person.name.latin && person.is_aged(19..60, day))?;
        let old = self.present[who].name.family;
        let mut drawn = (0..MOST_TRIES).map(|_| draw_surname(&mut self.dice));
        self.present[who].name.family = drawn.find(|new| new.0 != old.0)?;
        Some(self.report("name_change", who))
    }

    /// The oldest of a few, so that deaths fall on high ages.
    fn death(&mut self) -> Option<FeedLine> {
        let drawn: Vec<usize> = (0..6).filter_map(|_| self.find(|_| true)).collect();
        let who = drawn.into_iter().min_by_key(|&who| self.present[who].birth)?;
        Some(self.leave("death", who).1)
    }

    /// An original form of the name where there is one, otherwise a day of birth or an address.
    fn correction(&mut self) -> Option<FeedLine> {
        let who = self.find(|_| true)?;
        let person = &mut self.present[who];
        match person.name.with_original_form() {
            Some(name) => person.name = name,
            None if self.dice.below(2) == 0 => person.birth = person.birth.saturating_sub(1.day()),
            None => person.address = person.address.draw_other(&mut self.dice),
        }
        Some(self.report("ex_officio_correction", who))
    }

    fn deletion(&mut self) -> Option<FeedLine> {
        let who = self.find(|_| true)?;
        Some(self.leave("ex_officio_deletion", who).1)
    }

    fn report(&mut self, event: &'static str, who: usize) -> FeedLine {
        let day = self.day();
        self.offices.report(event, day, &self.present[who])
    }

    fn leave(&mut self, event: &'static str, who: usize) -> (Resident, FeedLine) {
        let resident = self.present.swap_remove(who);
        let line = self.offices.report_end(event, self.day(), &resident);
        (resident, line)
    }

    /// Somebody present who fits, by a bounded number of tries.
    fn find(&mut self, fits: impl Fn(&Resident) -> bool) -> Option<usize> {
        let tries = if self.present.is_empty() { 0 } else { MOST_TRIES };
        let mut drawn = (0..tries).map(|_| self.dice.index(self.present.len()));
        drawn.find(|&who| fits(&self.present[who]))
    }
}

impl<C: FnMut(LocalGovernmentCode) -> String> Iterator for Population<C> {
    type Item = FeedLine;

    fn next(&mut self) -> Option<FeedLine> {
        if self.stock_left > 0 {
            self.stock_left -= 1;
            return Some(self.newcomer("ex_officio_entry"));
        }
        loop {
            while let Some(happening) = self.agenda.pop() {
                if let Some(line) = self.happen(happening) {
                    return Some(line);
                }
            }
            if self.today == DAYS {
                return None;
            }
            self.begin_day();
        }
    }
}

const DAYS: u16 = 365;
const MOST_TRIES: u32 = 64;

/// Happenings per ten thousand residents and year.
const YEARLY_RATES: &[(Happening, u32)] = &[
    (Happening::Birth, 75),
    (Happening::MoveFromAbroad, 60),
    (Happening::MoveWithin, 300),
    (Happening::MoveOut, 420),
    (Happening::NameChange, 60),
    (Happening::Death, 120),
    (Happening::Correction, 50),
    (Happening::Deletion, 8),
];

/// Those who leave the country, in ten thousand who move out.
const EMIGRANT_SHARE: u32 = 500;

#[cfg(test)]
mod tests;
