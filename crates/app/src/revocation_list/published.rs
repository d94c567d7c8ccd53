//! Published lists held against the lists on record: whether the files that lie there are the right
//! ones.

use super::files::{delta_of, points_of};
use crate::authorities::Authority;
use crate::platform::Platform;
use base::Problem;
use ports::Publication;
use ports::rows::RevocationListRow;
use x509::{Crl, CrlNumber, GeneralName, PointName};

/// A file as it is to be: whose, of which point, whether a delta, under which numbers.
struct Expected<'a> {
    authority: &'a Authority,
    names: &'a [GeneralName],
    is_delta: bool,
    numbers: [u64; 2],
}

/// What is wrong with the files of a list that is on record; `None` for nothing. Each is to be
/// signed by the authority, about its own place, and under a number from `earliest` to the one on
/// record; with 0 it need not be there. Deltas come with the second list.
pub(crate) fn fault_of(
    (platform, place): (&Platform, &dyn Publication),
    authority: &Authority,
    row: &RevocationListRow,
    earliest: u64,
) -> Result<Option<&'static str>, Problem> {
    for point in points_of(row.partition) {
        let path = authority.issuer.list_path(point);
        let names = platform.profile.profile.points(&authority.issuer, point);
        let names = &names.map_err(|refusal| Problem::from_refusal(refusal.label()))?[..];
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

impl Expected<'_> {
    fn fault_in(&self, bytes: &[u8]) -> Option<&'static str> {
        let Ok(list) = Crl::parse(bytes) else { return Some("published is no list") };
        let [earliest, on_record] = self.numbers.map(CrlNumber::from);
        let number = list.number();
        let faults = [
            (!list.is_signed_by(self.authority.public()), "published is not signed by its key"),
            (list.delta_of().is_some() != self.is_delta, "published is another list"),
            (!is_about(&list, self.names), "published is another list"),
            (number > Some(on_record), "published is ahead of the store"),
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
