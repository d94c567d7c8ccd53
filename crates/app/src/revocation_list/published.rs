//! Published lists held against the lists on record: whether the files that lie there are the right
//! ones. Other programs make lists meanwhile: what is told here was not made again while the files
//! were read.

use super::files::{delta_of, points_of};
use crate::authorities::{Authorities, Authority};
use crate::platform::Platform;
use authority::profile::Partition as Point;
use base::Problem;
use ports::rows::{Partition, RevocationListRow};
use ports::{Publication, View};
use std::sync::Arc;
use x509::{Crl, CrlNumber, GeneralName, PointName};

/// A file as it is to be: whose, of which point, whether a delta, under which numbers.
struct Expected<'a> {
    authority: &'a Authority,
    names: &'a [GeneralName],
    is_delta: bool,
    numbers: [u64; 2],
}

/// Where the files of a list on record are to be: complete ones, and deltas from the second list
/// on.
pub fn list_paths(authority: &Authority, row: &RevocationListRow) -> Vec<String> {
    let complete = points_of(row.partition).into_iter();
    let complete = complete.map(|point| authority.issuer.list_path(point));
    let with_delta = |path: String| match row.number {
        0 => vec![],
        1 => vec![path],
        _ => vec![delta_of(&path), path],
    };
    complete.flat_map(with_delta).collect()
}

/// All lists on record, made or still to be made, by partition.
pub fn all_lists(view: &mut (impl View + ?Sized)) -> Result<Vec<RevocationListRow>, Problem> {
    let (mut all, mut after) = (Vec::new(), Partition::ZERO);
    loop {
        let page = view.revocation_lists_page(after, ROWS_ON_A_PAGE)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = last.partition;
        all.extend(page);
    }
}

/// A page of all lists, each with its authority: few of them, whose files are to be read next.
pub(crate) fn lists_after(
    platform: &Platform,
    after: Partition,
) -> Result<Vec<(Arc<Authority>, RevocationListRow)>, Problem> {
    let mut page = Vec::new();
    platform.store.snapshot("lists_page", &mut |view| {
        page.clear();
        let authorities = Authorities::read(view)?;
        for row in view.revocation_lists_page(after, LISTS_ON_A_PAGE)? {
            page.push((Arc::clone(authorities.by_id(row.partition.authority)?), row));
        }
        Ok(())
    })?;
    Ok(page)
}

/// What is wrong with the files of a list that nobody made again while they were read, and the list
/// as it is on record then. Each file is to be under a number from `earliest` to the one on record.
pub(crate) fn lasting_fault(
    places: (&Platform, &dyn Publication),
    authority: &Authority,
    row: RevocationListRow,
    earliest: fn(&RevocationListRow) -> u64,
) -> Result<(RevocationListRow, Option<&'static str>), Problem> {
    lasting(places.0, row, |row| fault_of(places, authority, row, earliest(row)))
}

/// Whether the authority has published a later list than the one on record. A number goes on record
/// before its files are there: then the store was put back. What cannot be read witnesses nothing,
/// and is told in the log: the next list lies over it.
pub(super) fn is_ahead(
    places: (&Platform, &dyn Publication),
    authority: &Authority,
    row: &RevocationListRow,
) -> Result<bool, Problem> {
    let ahead = |row: &RevocationListRow| ahead_of(places, authority, row);
    Ok(lasting(places.0, row.clone(), ahead)?.1.is_some())
}

/// What is found out about a list, and the list as it is on record when that was found out.
fn lasting<T>(
    platform: &Platform,
    mut row: RevocationListRow,
    find: impl Fn(&RevocationListRow) -> Result<Option<T>, Problem>,
) -> Result<(RevocationListRow, Option<T>), Problem> {
    loop {
        let found = find(&row)?;
        let mut now = None;
        if found.is_some() {
            platform.store.snapshot("list_row", &mut |view| {
                now = view.revocation_lists(&[row.partition])?.pop().flatten();
                Ok(())
            })?;
        }
        match now.filter(|now| *now != row) {
            Some(now) => row = now,
            None => return Ok((row, found)),
        }
    }
}

/// What is wrong with the files of a list that is on record; `None` for nothing. Each is to be
/// signed by the authority, about its own place, and under a number from `earliest` to the one on
/// record; with 0 it need not be there. Deltas come with the second list.
fn fault_of(
    (platform, place): (&Platform, &dyn Publication),
    authority: &Authority,
    row: &RevocationListRow,
    earliest: u64,
) -> Result<Option<&'static str>, Problem> {
    for point in points_of(row.partition) {
        let path = authority.issuer.list_path(point);
        let names = &names_of(platform, authority, point)?[..];
        let numbers = [earliest, row.number];
        for (path, is_delta) in [(delta_of(&path), true), (path, false)] {
            let first = if is_delta { 2 } else { 1 };
            let fault = match place.read(&path)? {
                Some(bytes) => Expected { authority, names, is_delta, numbers }.fault_in(&bytes),
                None => (first <= earliest).then_some("not published"),
            };
            if fault.is_some() {
                return Ok(fault);
            }
        }
    }
    Ok(None)
}

fn ahead_of(
    (platform, place): (&Platform, &dyn Publication),
    authority: &Authority,
    row: &RevocationListRow,
) -> Result<Option<()>, Problem> {
    for point in points_of(row.partition) {
        let path = authority.issuer.list_path(point);
        let names = &names_of(platform, authority, point)?[..];
        for path in [delta_of(&path), path] {
            let bytes = place.read(&path).unwrap_or_else(|problem| {
                let (label, detail) = (problem.label(), problem.detail_text());
                tracing::error!(path, label, detail, "a published list cannot be read");
                None
            });
            let Some(Ok(list)) = bytes.as_deref().map(Crl::parse) else { continue };
            let is_later = list.number() > Some(CrlNumber::from(row.number));
            // Not for what anybody can put there: it would keep lists from being made.
            if is_later && is_about(&list, names) && list.is_signed_by(authority.public()) {
                return Ok(Some(()));
            }
        }
    }
    Ok(None)
}

fn names_of(
    platform: &Platform,
    authority: &Authority,
    point: Point,
) -> Result<Vec<GeneralName>, Problem> {
    let names = platform.profile.profile.points(&authority.issuer, point);
    names.map_err(|refusal| Problem::from_refusal(refusal.label()))
}

impl Expected<'_> {
    fn fault_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let Ok(list) = Crl::parse(bytes) else { return Some("published is no list") };
        let [earliest, on_record] = self.numbers.map(CrlNumber::from);
        let number = list.number();
        let faults = [
            (!list.is_signed_by(self.authority.public()), "published is not signed by its key"),
            (list.delta_of().is_some() != self.is_delta, "published is another list"),
            (!is_about(&list, self.names), "published is another list"),
            (number > Some(on_record), AHEAD),
            (number.is_none_or(|number| number < earliest), "published is behind the store"),
        ];
        faults.into_iter().find_map(|(is, fault)| is.then_some(fault))
    }
}

/// Whether a list names its place by directory name or by address: the configuration may have
/// changed one of them since the list was made.
fn is_about(list: &Crl<'_>, names: &[GeneralName]) -> bool {
    let is = |name: PointName<'_>, own: &GeneralName| match (name, own) {
        (PointName::Directory(der), GeneralName::Directory(own)) => der == own.der(),
        (PointName::Uri(uri), GeneralName::Uri(own)) => uri == own.as_bytes(),
        _ => false,
    };
    let scope = list.scope();
    scope.is_some_and(|scope| scope.names().any(|name| names.iter().any(|own| is(name, own))))
}

/// The list in its place is later than the one on record.
pub(super) const AHEAD: &str = "published is ahead of the store";
const ROWS_ON_A_PAGE: usize = 4_096;
const LISTS_ON_A_PAGE: usize = 64;
