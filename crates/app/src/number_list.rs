//! Number lists (個人番号リスト) and notification data (送付先情報): what municipalities get after numbers were
//! assigned. Reads persons and numbers from the outbox; writes one list per municipality and an
//! access entry per person and municipality. Invariants touched: A1, O1, R1.
//!
//! The list goes to the municipality whose act it was, the notification data to the one that keeps
//! the person's record now: who has moved on is notified where they live, and the former town does
//! not learn where that is. Each line is bound to its person: code, number and record are
//! opened with the same data key.
//!
//! A list is committed whole, sealed, with its entries; only then are its files written, and what
//! was committed is forgotten when they are in their place. A run that broke off is so made good by
//! the next with the same bytes, and of two runs at once each entry is taken by one.

use crate::enact::FIRST_KEY_GENERATION;
use crate::people::{self, Person};
use crate::permits::permit;
use crate::platform::Platform;
use crate::work::{Outcome, PLATFORM_PERSON, Work, broken, open_key};
use base::{ActId, Actor, PersonId, Problem, Purpose, labels};
use ledger::Hash;
use numbers::{IndividualNumber, LocalGovernmentCode};
use policy::{Action, Permit};
use ports::Publication;
use ports::rows::{Changes, DeliveryRow, NumberListRow, OutboxRow, number_state, topic};
use seal::{Place, fields};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use zeroize::Zeroizing;

/// What a run produced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ListsMade {
    /// Lists written.
    pub lists: u64,
    /// Entries on them.
    pub entries: u64,
}

/// Writes the lists of everything in the outbox into `deliveries`, and first what an earlier run
/// has left. `progress` is told the number of entries done.
pub fn number_lists(
    platform: &Platform,
    deliveries: &dyn Publication,
    progress: &mut dyn FnMut(u64),
) -> Result<ListsMade, Problem> {
    let mut made = ListsMade::default();
    deliver(platform, deliveries)?;
    loop {
        let mut due = Vec::new();
        platform.store.snapshot("outbox", &mut |view| {
            due = view.outbox(topic::NUMBER_LIST, None, ENTRIES_SORTED_MAX)?;
            Ok(())
        })?;
        if due.is_empty() {
            return Ok(made);
        }
        for acts in by_municipality(&due, ENTRIES_PER_COMMIT_MAX) {
            let run = commit_lists(platform, &acts)?;
            deliver(platform, deliveries)?;
            made.lists += run.lists;
            made.entries += run.entries;
            progress(made.entries);
        }
    }
}

/// The acts in groups of at most `most`; a municipality is in one group, unless it has more.
fn by_municipality(due: &[OutboxRow], most: usize) -> Vec<Vec<ActId>> {
    let mut of: BTreeMap<LocalGovernmentCode, Vec<ActId>> = BTreeMap::new();
    due.iter().for_each(|row| of.entry(row.municipality).or_default().push(row.act));
    let mut groups: Vec<Vec<ActId>> = Vec::new();
    for acts in of.values().flat_map(|acts| acts.chunks(most)) {
        match groups.last_mut() {
            Some(group) if group.len() + acts.len() <= most => group.extend(acts),
            _ => groups.push(acts.to_vec()),
        }
    }
    groups
}

/// A list under construction.
struct Draft {
    list: i64,
    entries: u64,
    numbers: Zeroizing<String>,
    notices: Zeroizing<String>,
}

type Drafts = BTreeMap<LocalGovernmentCode, Draft>;

/// Commits the lists of those acts that nobody else has listed meanwhile.
fn commit_lists(platform: &Platform, acts: &[ActId]) -> Result<ListsMade, Problem> {
    let mut made = ListsMade::default();
    crate::commit::transact(platform, |work| {
        made = ListsMade::default();
        let acting = permit(&Actor::Platform, Action::NumberList, Purpose::Notification, None)?;
        let rows = work.tx.outbox_at(topic::NUMBER_LIST, acts)?;
        let rows: Vec<OutboxRow> = rows.into_iter().flatten().collect();
        let persons: Vec<_> = rows.iter().map(|row| row.person).collect();
        work.load(&persons)?;
        let mut drafts = Drafts::new();
        for row in &rows {
            push_entry(work, &acting, row, &mut drafts)?;
        }
        for (municipality, draft) in drafts {
            made.lists += 1;
            made.entries += draft.entries;
            keep(work, &acting, municipality, &draft)?;
        }
        Ok(())
    })?;
    Ok(made)
}

fn push_entry(
    work: &mut Work<'_>,
    permit: &Permit,
    row: &OutboxRow,
    drafts: &mut Drafts,
) -> Result<(), Problem> {
    work.outbox_done(row.act, row.topic);
    let (number, state) = match listed_number(work, row) {
        // Disposed of before the list was made: there is nothing left to tell.
        Err(problem) if problem.label() == labels::CONTENT_ERASED.text => return Ok(()),
        listed => listed?,
    };
    let person = work.person(row.person)?.resident();
    let (here, there) = (row.municipality, person.municipality);
    let code = person.code.reveal();
    let number = number.reveal();
    let line = format!("{},{},{},{state}\n", row.act, code.as_str(), number.as_str());
    let line = Zeroizing::new(line);
    let draft = draft_of(work, here, drafts)?;
    draft.numbers.push_str(&line);
    draft.entries += 1;
    told(work, permit, row.person, (here, draft.list))?;
    let draft = draft_of(work, there, drafts)?;
    push_notice(&mut draft.notices, row.act, work.person(row.person)?);
    if there != here {
        told(work, permit, row.person, (there, draft.list))?;
    }
    Ok(())
}

/// Every municipality that is told something about a person is told it by an entry of its own.
fn told(
    work: &mut Work<'_>,
    permit: &Permit,
    person: PersonId,
    (municipality, list): (LocalGovernmentCode, i64),
) -> Result<(), Problem> {
    let content = format!("number list {municipality} {list}");
    work.record(permit, Outcome::Read, Some(person), content.as_bytes()).map(drop)
}

fn draft_of<'d>(
    work: &mut Work<'_>,
    municipality: LocalGovernmentCode,
    drafts: &'d mut Drafts,
) -> Result<&'d mut Draft, Problem> {
    Ok(match drafts.entry(municipality) {
        Entry::Occupied(begun) => begun.into_mut(),
        Entry::Vacant(place) => {
            let list = work.tx.lists_of(municipality)?.last().map_or(1, |last| last.list + 1);
            place.insert(Draft {
                list,
                entries: 0,
                numbers: Zeroizing::new(NUMBER_LIST_HEADER.to_owned()),
                notices: Zeroizing::new(NOTIFICATION_HEADER.to_owned()),
            })
        }
    })
}

/// The number that the act made or designated: of several, the last that was there with it.
fn listed_number(
    work: &mut Work<'_>,
    row: &OutboxRow,
) -> Result<(IndividualNumber, &'static str), Problem> {
    let numbers = work.numbers_of(row.person)?;
    let number = numbers.iter().rfind(|number| number.assigned_act <= row.act);
    let number = number.ok_or_else(|| broken("the outbox names no number"))?;
    let key = &work.person(row.person)?.key;
    let state = match number.state {
        number_state::PROVISIONAL => "provisional",
        number_state::DESIGNATED => "designated",
        _ => "replaced",
    };
    Ok((people::open_number(key, number, FIRST_KEY_GENERATION)?, state))
}

/// Puts a list into the transaction: its act, its row, and its files, sealed, until they are
/// written.
fn keep(
    work: &mut Work<'_>,
    permit: &Permit,
    municipality: LocalGovernmentCode,
    draft: &Draft,
) -> Result<(), Problem> {
    let Draft { list, entries, numbers, notices } = draft;
    let (list, entries) = (*list, *entries);
    let digest = *Hash::leaf(numbers.as_bytes()).as_bytes();
    let content = format!("list {municipality} {list} {entries}");
    let act = work.record(permit, Outcome::Done, None, content.as_bytes())?;
    work.keep_list(NumberListRow { municipality, list, act, entries, digest });
    let files = fields::pack(&[numbers.as_str(), notices.as_str()]);
    let content = work.seal_own(&place(municipality, list)?, &files);
    work.keep_delivery(DeliveryRow { municipality, list, content });
    Ok(())
}

/// Writes the files of every list that was committed and may not be in its place.
fn deliver(platform: &Platform, deliveries: &dyn Publication) -> Result<(), Problem> {
    loop {
        let (mut rows, mut own_key) = (Vec::new(), None);
        platform.store.snapshot("deliveries", &mut |view| {
            rows = view.deliveries(LISTS_PER_DELIVERY_MAX)?;
            own_key = view.data_keys(&[PLATFORM_PERSON])?.pop().flatten();
            Ok(())
        })?;
        if rows.is_empty() {
            return Ok(());
        }
        let own_key = own_key.ok_or_else(|| Problem::new(&labels::NOT_INITIALISED, ""))?;
        let own_key = open_key(platform, &own_key)?;
        let mut files = Vec::with_capacity(rows.len() * 2);
        for DeliveryRow { municipality, list, content } in &rows {
            let opened = own_key.open(&place(*municipality, *list)?, content);
            let opened = opened.map_err(|refusal| Problem::from_refusal(refusal.label()))?;
            let [numbers, notices] = fields::unpack_exactly(&opened)
                .map_err(|refusal| Problem::from_refusal(refusal.label()))?;
            files.push((format!("{municipality}/number-list-{list:06}.csv"), numbers));
            files.push((format!("{municipality}/notification-{list:06}.csv"), notices));
        }
        let files: Vec<_> =
            files.iter().map(|(path, text)| (path.clone(), text.as_bytes())).collect();
        deliveries.write_all(&files)?;
        let delivered = rows.iter().map(|row| (row.municipality, row.list)).collect();
        let changes = Changes { delivered, ..Changes::default() };
        platform.store.transact("delivered", &mut |tx| tx.write(&changes))?;
    }
}

/// The seal's place of a list.
fn place(municipality: LocalGovernmentCode, list: i64) -> Result<Place, Problem> {
    let list = u32::try_from(list).map_err(|_| broken("a list number out of range"))?;
    let row = (i64::from(municipality.as_u32()) << 32) | i64::from(list);
    Ok(Place { table: "delivery", column: "content", row, generation: FIRST_KEY_GENERATION })
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

/// Entries that are sorted by municipality at once: some megabytes of row numbers.
const ENTRIES_SORTED_MAX: usize = 131_072;

/// Entries of one transaction: others wait for it.
const ENTRIES_PER_COMMIT_MAX: usize = 8_192;

/// Lists whose files are written side by side.
const LISTS_PER_DELIVERY_MAX: usize = 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    fn due(of: &[u32]) -> Vec<OutboxRow> {
        let row = |(act, five): (u64, &u32)| OutboxRow {
            act: ActId(act),
            topic: topic::NUMBER_LIST,
            municipality: LocalGovernmentCode::from_five_u32(*five).unwrap(),
            person: PersonId(1),
        };
        (0..).zip(of).map(row).collect()
    }

    fn groups(of: &[u32], most: usize) -> Vec<Vec<u64>> {
        let groups = by_municipality(&due(of), most).into_iter();
        groups.map(|acts| acts.into_iter().map(|act| act.0).collect()).collect()
    }

    #[test]
    fn a_municipality_is_in_one_group_unless_it_has_more_than_one_holds() {
        let mixed = [13_101, 13_102, 13_103, 13_101, 13_102, 13_103, 13_103];
        assert_eq!(groups(&mixed, 9), [vec![0, 3, 1, 4, 2, 5, 6]]);
        assert_eq!(groups(&mixed, 4), [vec![0, 3, 1, 4], vec![2, 5, 6]]);
        assert_eq!(groups(&mixed, 3), [vec![0, 3], vec![1, 4], vec![2, 5, 6]]);
        assert_eq!(groups(&mixed[..6], 1).len(), 6);
        assert!(groups(&[], 3).is_empty());
    }
}
