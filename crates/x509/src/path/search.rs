//! The search for a path: from the leaf upwards, issuer by issuer, depth first.
//!
//! An issuer is found by name and key identifier and counts once its key has verified the
//! signature. What the search may spend is fixed before it begins (`Limits`), so that no bag of
//! certificates, however it is made, costs more than that; a signature is checked once.

use super::certificate::Certificate;
use super::policy::PolicySet;
use super::refusal::{Reason, Refusal};
use super::{Accepted, Question};
use std::collections::{BTreeMap, BTreeSet};

/// What one validation may spend.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Certificates of a path, leaf and trust anchor included.
    pub certificates: usize,
    /// Signatures checked, of certificates and of lists.
    pub signatures: u32,
    /// Candidates looked at: issuers and lists with the right name.
    pub candidates: u32,
    /// Complete paths examined, those of the signers of lists among them.
    pub paths: u32,
    /// Names compared for constraints and distribution points.
    pub names: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { certificates: 16, signatures: 128, candidates: 4096, paths: 64, names: 250_000 }
    }
}

/// A running search.
pub(super) struct Search<'a> {
    pub(super) question: Question<'a>,
    pub(super) left: Limits,
    /// The leaf, the intermediates, and behind them the anchors; none twice.
    pub(super) pool: Vec<&'a Certificate>,
    first_anchor: usize,
    signatures: BTreeMap<(usize, usize), Result<(), Reason>>,
    pub(super) list_signatures: BTreeMap<(usize, usize), Result<(), Reason>>,
    best: Option<(Reached, Refusal)>,
}

/// How far a path came: one that reached an anchor tells more than one that did not.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reached {
    anchor: bool,
    certificates: usize,
}

/// Takes `count` from what is left.
pub(super) fn spend(left: &mut u32, count: usize) -> Result<(), Reason> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    match left.checked_sub(count) {
        Some(rest) => *left = rest,
        None => {
            *left = 0;
            return Err(Reason::Limit);
        }
    }
    Ok(())
}

impl<'a> Search<'a> {
    pub(super) fn new(question: &Question<'a>) -> Self {
        let mut seen = BTreeSet::new();
        let mut once = |certificate: &&'a Certificate| seen.insert(certificate.fingerprint());
        let anchors: Vec<_> = question.anchors.iter().filter(&mut once).collect();
        // The leaf may be an anchor itself; it stands in both roles.
        let others = question.intermediates.iter().filter(&mut once);
        let others = others.filter(|other| *other != question.leaf);
        let mut pool: Vec<_> = std::iter::once(question.leaf).chain(others).collect();
        let first_anchor = pool.len();
        pool.extend(anchors);
        Self {
            question: question.clone(),
            left: question.limits,
            pool,
            first_anchor,
            signatures: BTreeMap::new(),
            list_signatures: BTreeMap::new(),
            best: None,
        }
    }

    /// Searches, and says what came of it.
    pub(super) fn run(mut self) -> Result<Accepted<'a>, Refusal> {
        let mut path = vec![0];
        match self.extend(&mut path) {
            Some(Ok(policies)) => {
                let path = path.into_iter().map(|id| self.pool[id]).collect();
                Ok(Accepted { path, policies })
            }
            Some(Err(refusal)) => Err(refusal),
            None => {
                let best = self.best.map(|(_, refusal)| refusal);
                Err(best.unwrap_or(Refusal::new(Reason::IssuerUnknown, 0)))
            }
        }
    }

    /// Goes on from the last certificate of the path. None when no way leads on from here; an
    /// error only at the limits.
    fn extend(&mut self, path: &mut Vec<usize>) -> Option<Result<PolicySet, Refusal>> {
        let last = *path.last()?;
        if self.is_anchor(last) {
            return self.examine(path);
        }
        let depth = path.len() - 1;
        if path.len() >= self.question.limits.certificates {
            self.note(path, Refusal::new(Reason::Limit, depth));
            return None;
        }
        let candidates = self.issuers_of(path);
        if candidates.is_empty() {
            self.note(path, Refusal::new(Reason::IssuerUnknown, depth));
        }
        for issuer in candidates {
            let tried = spend(&mut self.left.candidates, 1)
                .and_then(|()| self.check_signature(last, issuer));
            match tried {
                Ok(()) => {
                    path.push(issuer);
                    let found = self.extend(path);
                    if found.is_some() {
                        return found;
                    }
                    path.pop();
                }
                Err(Reason::Limit) => return Some(Err(Refusal::new(Reason::Limit, depth))),
                Err(reason) => self.note(path, unsigned(reason, depth)),
            }
        }
        None
    }

    /// A path that has reached an anchor.
    fn examine(&mut self, path: &[usize]) -> Option<Result<PolicySet, Refusal>> {
        let spent = spend(&mut self.left.paths, 1);
        let verdict = spent.map_err(|reason| Refusal::new(reason, 0)).and_then(|()| {
            let policies = self.walk(path, true)?;
            self.check_revocation(path)?;
            Ok(policies)
        });
        match verdict {
            Err(refusal) if refusal.reason != Reason::Limit => {
                self.note(path, refusal);
                None
            }
            decided => Some(decided),
        }
    }

    /// Who may have issued the last certificate, the likeliest first: anchors, exact key
    /// identifiers, certificates valid at the time.
    fn issuers_of(&self, path: &[usize]) -> Vec<usize> {
        let Some(child) = path.last().map(|id| self.pool[*id]) else { return Vec::new() };
        let fits = |id: &usize| self.pool[*id].may_have_issued(child) && !self.repeats(path, *id);
        let mut out: Vec<usize> = (1..self.pool.len()).filter(fits).collect();
        let at = self.question.at;
        out.sort_by_key(|id| {
            let issuer = self.pool[*id];
            let named = child.extensions.authority_key.is_some()
                && child.extensions.authority_key == issuer.extensions.subject_key;
            let timely = issuer.not_before <= at && at <= issuer.not_after;
            (!self.is_anchor(*id), !named, !timely)
        });
        out
    }

    /// Whether a name and key come back, which makes a path longer and never better. An anchor
    /// ends the path, so it does not count.
    fn repeats(&self, path: &[usize], id: usize) -> bool {
        let candidate = self.pool[id];
        !self.is_anchor(id)
            && path.iter().any(|other| {
                let other = self.pool[*other];
                other.subject == candidate.subject && other.key.bits() == candidate.key.bits()
            })
    }

    pub(super) fn is_anchor(&self, id: usize) -> bool {
        id >= self.first_anchor
    }

    /// Whether the issuer's key made the signature of the certificate.
    pub(super) fn check_signature(&mut self, child: usize, issuer: usize) -> Result<(), Reason> {
        if let Some(known) = self.signatures.get(&(child, issuer)) {
            return *known;
        }
        spend(&mut self.left.signatures, 1)?;
        let (certificate, key) = (self.pool[child], &self.pool[issuer].key);
        let found = certificate.signed.check(key, certificate.tbs());
        self.signatures.insert((child, issuer), found);
        found
    }

    fn note(&mut self, path: &[usize], refusal: Refusal) {
        let anchor = path.last().is_some_and(|id| self.is_anchor(*id));
        let reached = Reached { anchor, certificates: path.len() };
        if self.best.as_ref().is_none_or(|(best, _)| reached > *best) {
            self.best = Some((reached, refusal));
        }
    }
}

/// A signature that does not count: about the certificate, or about the key above it.
const fn unsigned(reason: Reason, depth: usize) -> Refusal {
    match reason {
        Reason::Key | Reason::WeakKey => Refusal::new(reason, depth + 1),
        _ => Refusal::new(reason, depth),
    }
}
