//! Number lists (個人番号リスト) and notification data (送付先情報): what a municipality gets after
//! numbers were assigned. Reads persons and numbers from the outbox; writes one list per municipality
//! and an access entry per person on it. Invariants touched: A1, O1.
//!
//! The file is written before the transaction that records it commits, under a name that only this
//! list can have: a crash between the two writes the same file again. Each line is bound to its
//! person: code, number and record are opened with the same data key.

use crate::enact::FIRST_KEY_GENERATION;
use crate::people::{self, Person};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, Work, broken};
use base::{ActId, Actor, Problem, Purpose, labels};
use ledger::Hash;
use numbers::{IndividualNumber, LocalGovernmentCode};
use policy::{Action, Permit};
use ports::Publication;
use ports::rows::{NumberListRow, OutboxRow, number_state, topic};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What a run produced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ListsMade {
    /// Lists written.
    pub lists: u64,
    /// Entries on them.
    pub entries: u64,
}

/// Writes the lists of everything in the outbox into `deliveries`. `progress` is told the number of
/// entries done.
pub fn number_lists(
    platform: &Platform,
    deliveries: &dyn Publication,
    progress: &mut dyn FnMut(u64),
) -> Result<ListsMade, Problem> {
    let mut made = ListsMade::default();
    loop {
        let mut rows = Vec::new();
        platform.store.snapshot("outbox", &mut |view| {
            rows = view.outbox(topic::NUMBER_LIST, None, ENTRIES_PER_RUN_MAX)?;
            Ok(())
        })?;
        if rows.is_empty() {
            return Ok(made);
        }
        let run = write_run(platform, deliveries, &rows)?;
        made.lists += run.lists;
        made.entries += run.entries;
        progress(made.entries);
    }
}

fn write_run(
    platform: &Platform,
    deliveries: &dyn Publication,
    rows: &[OutboxRow],
) -> Result<ListsMade, Problem> {
    let mut by_municipality: BTreeMap<LocalGovernmentCode, Vec<&OutboxRow>> = BTreeMap::new();
    for row in rows {
        by_municipality.entry(row.municipality).or_default().push(row);
    }
    let mut made = ListsMade::default();
    crate::commit::transact(platform, |work| {
        made = ListsMade::default();
        let acting = permit(&Actor::Platform, Action::NumberList, Purpose::Notification, None)?;
        let persons: Vec<_> = rows.iter().map(|row| row.person).collect();
        work.load(&persons)?;
        for (municipality, rows) in &by_municipality {
            write_list(work, &acting, deliveries, *municipality, rows)?;
            made.lists += 1;
            made.entries += rows.len() as u64;
        }
        Ok(())
    })?;
    Ok(made)
}

fn write_list(
    work: &mut Work<'_>,
    permit: &Permit,
    deliveries: &dyn Publication,
    municipality: LocalGovernmentCode,
    rows: &[&OutboxRow],
) -> Result<(), Problem> {
    let list = work.tx.lists_of(municipality)?.last().map_or(1, |last| last.list + 1);
    let mut numbers = Zeroizing::new(String::from(NUMBER_LIST_HEADER));
    let mut notices = Zeroizing::new(String::from(NOTIFICATION_HEADER));
    for row in rows {
        push_entry(work, permit, row, &mut numbers, &mut notices)?;
    }
    let path = |kind: &str| format!("{municipality}/{kind}-{list:06}.csv");
    deliveries.write(&path("number-list"), numbers.as_bytes())?;
    deliveries.write(&path("notification"), notices.as_bytes())?;
    let digest = *Hash::leaf(numbers.as_bytes()).as_bytes();
    let content = format!("list {municipality} {list} {}", rows.len());
    let act = work.record(permit, Outcome::Done, None, content.as_bytes())?;
    let entries = rows.len() as u64;
    work.keep_list(NumberListRow { municipality, list, act, entries, digest });
    Ok(())
}

fn push_entry(
    work: &mut Work<'_>,
    permit: &Permit,
    row: &OutboxRow,
    numbers: &mut String,
    notices: &mut String,
) -> Result<(), Problem> {
    work.outbox_done(row.act, row.topic);
    let (number, state) = match listed_number(work, row) {
        // Disposed of before the list was made: there is nothing left to tell.
        Err(problem) if problem.label() == labels::CONTENT_ERASED.text => return Ok(()),
        listed => listed?,
    };
    let person = work.person(row.person)?;
    let code = person.resident().code.reveal();
    let number = number.reveal();
    let line = format!("{},{},{},{state}\n", row.act, code.as_str(), number.as_str());
    numbers.push_str(&Zeroizing::new(line));
    push_notice(notices, row.act, person);
    work.record(permit, Outcome::Read, Some(row.person), b"number list")?;
    Ok(())
}

/// The number that the act of the outbox made or designated.
fn listed_number(
    work: &mut Work<'_>,
    row: &OutboxRow,
) -> Result<(IndividualNumber, &'static str), Problem> {
    let numbers = work.numbers_of(row.person)?;
    let made = numbers.iter().rfind(|number| number.assigned_act == row.act);
    let present = numbers.iter().rfind(|number| number.state == number_state::DESIGNATED);
    let number = made.or(present).ok_or_else(|| broken("the outbox names no number"))?;
    let key = &work.person(row.person)?.key;
    let state = match number.state {
        number_state::PROVISIONAL => "provisional",
        number_state::DESIGNATED => "designated",
        _ => "replaced",
    };
    Ok((people::open_number(key, number, FIRST_KEY_GENERATION)?, state))
}

fn push_notice(notices: &mut String, act: ActId, person: &Person) {
    let Some(record) = &person.resident().record else { return };
    let postal = Zeroizing::new(record.postal_code.map(|code| code.reveal()).unwrap_or_default());
    for (at, field) in
        [act.to_string().as_str(), &postal, record.address.reveal(), record.name.reveal()]
            .into_iter()
            .enumerate()
    {
        if at > 0 {
            notices.push(',');
        }
        push_field(notices, field);
    }
    notices.push('\n');
}

/// A CSV field (RFC 4180).
fn push_field(line: &mut String, field: &str) {
    if !field.contains([',', '"', '\n', '\r']) {
        line.push_str(field);
        return;
    }
    line.push('"');
    for part in field.split_inclusive('"') {
        line.push_str(part);
        if part.ends_with('"') {
            line.push('"');
        }
    }
    line.push('"');
}

const NUMBER_LIST_HEADER: &str = "act,resident_record_code,individual_number,state\n";
const NOTIFICATION_HEADER: &str = "act,postal_code,address,name\n";
const ENTRIES_PER_RUN_MAX: usize = 8_192;
