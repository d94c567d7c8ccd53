//! The register of verifiers (署名検証者): how each stands is worked out again from the acts.
//!
//! Such an act tells by a salted hash alone whom it is about. What it can say is little (a filing
//! was taken in, or the state changed), so it is tried against the verifiers that are there.

use super::{PAGE_ROWS, Walk};
use crate::verifiers::{change_content, filing_setting, registered_content, stored};
use authority::verifier::{Change, Filing, VerifierState, decide_change};
use base::{ActId, Moment, Problem};
use ledger::leaf::{LeafEntry, Salt, commit};
use policy::Action;
use ports::View;
use ports::rows::{ActRow, VerifierRow};
use zeroize::Zeroizing;

/// The acts about verifiers, in their order.
#[derive(Default)]
pub(super) struct Register(Vec<(ActId, LeafEntry)>);

/// A verifier, with what acts can say of it and how it stands after those that were gone through.
struct Entry {
    row: VerifierRow,
    sayings: Vec<(Option<Change>, Zeroizing<Vec<u8>>)>,
    stands: Option<(VerifierState, Moment, ActId)>,
    follows: bool,
}

impl Register {
    /// Keeps an act of the ledger that is about a verifier.
    pub(super) fn act(&mut self, row: &ActRow, leaf: LeafEntry) {
        let fields = leaf.fields();
        let kept = fields.act == Action::VerifierRegister.word() && fields.outcome == "done";
        if kept && row.subject.is_none() {
            self.0.push((row.id, leaf));
        }
    }
}

impl Walk<'_> {
    /// Each verifier stands as its acts say, and no act is about any other.
    pub(super) fn verifiers(&mut self, view: &mut dyn View) -> Result<(), Problem> {
        let mut entries = self.entries(view)?;
        self.report.verifiers += entries.len() as u64;
        let Some(key) = &self.own_key else { return Ok(()) };
        for (act, leaf) in std::mem::take(&mut self.register.0) {
            let salt = Zeroizing::new(key.leaf_salt(act.0));
            let Ok(salt) = Salt::new(&*salt) else { continue };
            // The last act of a verifier stands in its row.
            let likely = entries.iter().position(|entry| entry.row.act == act).into_iter();
            let said = likely.chain(0..entries.len()).find_map(|place| {
                let entry = entries.get(place)?;
                let is =
                    |content: &[u8]| commit(&salt, "content", content) == leaf.fields().content;
                let (change, _) = entry.sayings.iter().find(|(_, content)| is(content))?;
                Some((place, *change))
            });
            match said.and_then(|(place, change)| Some((entries.get_mut(place)?, change))) {
                Some((entry, change)) => entry.follow(change, (act, &leaf)),
                None => self.report.fault(format!("act {act}: no verifier is as it says")),
            }
        }
        for entry in entries {
            if let Some(fault) = entry.fault() {
                self.report.fault(format!("verifier {}: {fault}", entry.row.name));
            }
        }
        Ok(())
    }

    fn entries(&mut self, view: &mut dyn View) -> Result<Vec<Entry>, Problem> {
        let (mut entries, mut after) = (Vec::new(), String::new());
        loop {
            let page = view.verifiers_page(&after, PAGE_ROWS)?;
            let Some(last) = page.last() else { return Ok(entries) };
            after.clone_from(&last.name);
            for row in page {
                let filing = view.setting(&filing_setting(&row.name))?.unwrap_or_default();
                let kind = Filing::parse(&filing).map(|filing| filing.kind().code());
                if kind != Some(row.kind) {
                    self.report.fault(format!("verifier {}: its filing is another one", row.name));
                }
                entries.push(Entry::new(row, &filing));
            }
        }
    }
}

impl Entry {
    fn new(row: VerifierRow, filing: &str) -> Self {
        let changes = Change::ALL.map(|change| (Some(change), change_content(change, &row.name)));
        let mut sayings = vec![(None, registered_content(&row.name, filing))];
        sayings.extend(changes);
        Self { row, sayings, stands: None, follows: true }
    }

    /// Goes on with an act: it was registered, or this changed.
    fn follow(&mut self, change: Option<Change>, (act, leaf): (ActId, &LeafEntry)) {
        let state = match (self.stands, change) {
            (None, None) => Some(VerifierState::Registered),
            (Some((state, ..)), Some(change)) => decide_change(state, change).ok(),
            _ => None,
        };
        match state {
            Some(state) => self.stands = Some((state, Moment::from_us(leaf.fields().at_us), act)),
            None => self.follows = false,
        }
    }

    fn fault(&self) -> Option<&'static str> {
        let row = &self.row;
        let Some((state, since, act)) = self.stands else { return Some("no act registered it") };
        let same = (stored(state), since, act) == (row.state, row.since, row.act);
        (!self.follows)
            .then_some("its acts do not follow from each other")
            .or((!same).then_some("stands otherwise than its acts say"))
    }
}
